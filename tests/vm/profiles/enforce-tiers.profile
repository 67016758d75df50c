# Three memory tiers: what is demoted from the second makes room for what comes from the first.
like numa
clock instructions
needs asking
cases enforce-growth enforce-kinds enforce-more enforce-restart
