# The machine of enforce, where DAMON holds splits.
like enforce
needs asking
cases damos
