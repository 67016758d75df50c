# The machine of enforce, with a kernel that counts what it demotes and keeps to cpuset.mems while it does.
like enforce
suite forky
needs asking
cases enforce-growth enforce-kinds enforce-more enforce-restart
