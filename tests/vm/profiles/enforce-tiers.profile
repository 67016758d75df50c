# Three memory tiers: what is demoted from the second makes room for what comes from the first.
like numa
needs asking
cases enforce-growth enforce-kinds enforce-more
