# Two DRAM nodes with a CPU each, and two slower ones without CPUs, told apart by HMAT alone.
node 0 768M cpus=0
node 1 768M cpus=1
node 2 512M
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
# package is for a system that slug was never on
needs packages
cases package boot agree watchdog reload journal settings sandbox ledger restarts unit migrate
