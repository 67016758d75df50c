# Pods of a real container runtime, in cgroups that systemd makes. The machine is the one of "numa", with more memory.
node 0 1G cpus=0
node 1 1G cpus=1
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
kernel slug.driver=systemd
cases pods
