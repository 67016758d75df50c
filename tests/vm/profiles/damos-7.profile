# The machine of enforce, where DAMON of Debian's next kernel holds splits.
like enforce
suite forky
needs asking
cases damos
