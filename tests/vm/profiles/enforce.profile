# Two DRAM nodes with a CPU each, and two slower ones in one memory tier. What a container grows to lies on both kinds.
node 0 768M cpus=0
node 1 768M cpus=1
node 2 768M
node 3 512M
distance 0 1 20
distance 0 2 31
distance 0 3 41
distance 1 2 41
distance 1 3 31
distance 2 3 51
access 0 0 90 100G
access 0 1 120 80G
access 0 2 250 25G
access 0 3 300 20G
access 1 0 120 80G
access 1 1 90 100G
access 1 2 300 20G
access 1 3 250 25G
initiator 3 1
# rates are what this is about
clock instructions
# enforce-bench, enforce-kinds, enforce-more, rival-nothing, rival-cpuset and rival-high are for the tables in README.md and run when
# they are asked for: with a clock of instructions each of them takes its time
cases enforce-growth enforce-restart
