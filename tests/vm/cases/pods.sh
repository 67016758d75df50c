#!/bin/sh
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
. /run/slug-test/containerd.sh
t() { remark "$(cut -d' ' -f1 /proc/uptime) $*"; }
t begin
start_containerd
is $? 0 "containerd"
t containerd up
pods run <<END
hog burstable api main=2:32<=64
static besteffort file main
END
is $? 0 "pods"
t two pods
systemd-cgls --no-pager /kubepods.slice /kubepods | sed 's/^/# /'
free -m | sed 's/^/# /'
for i in $(seq 10); do echo "p$i burstable api"; done | pods run
t ten pods of sandbox only
free -m | sed 's/^/# /'
for i in $(seq 10); do echo "q$i burstable api c"; done | pods run
t ten pods of one container
free -m | sed 's/^/# /'
pods restart hog main
t restart
pods kill p1 p2
t kill
pods remove p1 p2
t remove
echo "ListContainers {}" | /usr/libexec/slug-test/cri /run/containerd/containerd.sock | cut -c1-300 | sed 's/^/# /'
for f in /sys/fs/cgroup/kubepods*/*burst*/*pod*/; do grep '^anon' $f/memory.numa_stat; done | sort | uniq -c | sort -rn | head -3
done_testing
