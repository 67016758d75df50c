#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The example pods of deploy/kubernetes: each fits on a machine with enough of both, with what its comment says, and none fits where
# there is no remote memory. Whether they are good Kubernetes is asked by tests/peers/deploy.sh.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
export SLUGD="$slugd"
examples=$abs_top_srcdir/deploy/kubernetes/examples
for machine in cxl-remote two-nodes; do
  "$mktree" "$machines/$machine.tree" "$tmp/$machine" || bail_out "cannot make a machine"
done

# row EXAMPLE LOCAL REMOTE: what simulate says of it
row() {
  "$slugctl" simulate --root "$tmp/cxl-remote" "$examples/$1.yaml" >"$tmp/out" 2>&1
  is "$?" 0 "$1: it fits"
  is "$(awk -v pod="default/$1" '$1 == pod { print $2, $4, $5 }' "$tmp/out")" "yes $2 $3" "$1: $2 local and $3 remote"
  "$slugctl" simulate --root "$tmp/two-nodes" "$examples/$1.yaml" >"$tmp/out" 2>&1
  is "$?" 1 "$1: it does not fit without remote memory"
}
row chunks 8Gi 8Gi
row exclusive-cpus 8Gi 16Gi
row annotation 3136Mi 6Gi
is "$(find "$examples" -name '*.yaml' | grep -c .)" 3 "there are no other examples"
done_testing
