#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The wire against those who defined it and those who use it: the Connect project's conformance runner on both sides, h2spec, and
# stock clients. The memory manager, what is read of the kubelet's files, names of cgroups, and devices, against the kubelet's own
# code, and NRI against container runtimes'.
# Everything is pinned, by go.sum and package-lock.json; nothing is skipped.
#
#     check.sh BUILD
#
# BUILD is where slug was built, with its tests. Results stay below BUILD/results: TAP, and the words of each program. The last
# line counts; the exit status is 0 only when nothing failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)
build=$(cd "$1" && pwd -P)
results=$build/results
tools=${XDG_CACHE_HOME:-$HOME/.cache}/slug/peers
tap_n=0
server_pid=

clean_up() {
  [ -z "$server_pid" ] || { kill "$server_pid" 2>/dev/null && wait "$server_pid" 2>/dev/null; } || true
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ok NAME, not_ok NAME [WHAT]: numbered, into the file that is open as 3
ok() {
  tap_n=$((tap_n + 1))
  echo "ok $tap_n - $1" >&3
  echo "    ok - $1"
}

not_ok() {
  local line
  tap_n=$((tap_n + 1))
  echo "not ok $tap_n - $1" >&3
  echo "    not ok - $1"
  while IFS= read -r line; do
    echo "# $line" >&3
    echo "      $line"
  done <<<"${2:-}"
}

# begin NAME: results go to NAME.tap
begin() {
  exec 3>"$results/$1.tap"
  tap_n=0
}

end() {
  echo "1..$tap_n" >&3
  exec 3>&-
}

# conformance SIDE CASES: the runner against our program of that side; a case that is not run is one that fails
conformance() {
  local side=$1 cases=$2 log=$results/conformance-$1.log status=0
  "$tools/connectconformance" --conf "$top/tests/conformance/$side.yaml" --mode "$side" -- "$build/tests/conformance/$side" >"$log" 2>&1 ||
    status=$?
  if [ "$status" -eq 0 ] && grep -q "^$cases passed, 0 failed" "$log"; then
    ok "conformance, our $side: $cases of $cases cases"
  else
    not_ok "conformance, our $side: $cases of $cases cases" "$(tail -n 3 "$log"; grep -A 4 '^FAILED' "$log" | head -n 60)"
  fi
}

# What h2spec expects and does not get, and why.
exceptions=$(
  cat <<'END'
http2/3.5/2 the first bytes decide which HTTP a connection speaks; those are HTTP/1.1 then, and are answered as such
http2/5.1.1/2 libnghttp2 takes such a stream for one that is closed already and ignores it (its own nghttpd does the same)
END
)

# The port that our conformance server listens on: the field 2 of its answer, after 4 bytes of length.
read_port() {
  od -An -v -tu1 -j 4 "$1" | awk '{ for (i = 1; i <= NF; i++) byte[n++] = $i }
    END {
      for (i = 2 + byte[1] + 1; i < n; i++) { port += (byte[i] % 128) * 128 ^ k++; if (byte[i] < 128) break }
      print port + 0
    }'
}

# h2spec: on TCP, where it can be; the HTTP/2 side is the same for every socket
h2spec() {
  local log=$results/h2spec.log xml=$results/h2spec.xml port=0 left=300 id reason failed
  printf '\0\0\0\0' | "$build/tests/conformance/server" >"$results/h2spec-server.out" 2>"$results/h2spec-server.log" &
  server_pid=$!
  while [ ! -s "$results/h2spec-server.out" ] && [ $((left--)) -gt 0 ]; do sleep 0.1; done
  port=$(read_port "$results/h2spec-server.out")
  timeout 600 "$tools/h2spec" -h 127.0.0.1 -p "$port" --timeout 3 --junit-report "$xml" \
    -P '/connectrpc.conformance.v1.ConformanceService/IdempotentUnary?encoding=json&message=%7B%7D' >"$log" 2>&1 || true
  clean_up
  server_pid=
  # one line a case: id, then whether it failed
  awk -v RS='<testcase ' 'NR > 1 {
    match($0, /package="[^"]*"/); id = substr($0, RSTART + 9, RLENGTH - 10)
    print id "/" ++count[id], ($0 ~ /<failure|<error/ ? "failed" : "passed")
  }' "$xml" >"$results/h2spec.cases"
  failed=$(sed -n 's/ failed$//p' "$results/h2spec.cases")
  while read -r id; do
    # passes are many
    reason=$(sed -n "s,^$id ,,p" <<<"$exceptions")
    if ! grep -q -x "$id" <<<"$failed"; then
      if [ -z "$reason" ]; then
        ok "h2spec $id"
      else
        not_ok "h2spec $id" "it passes: take it off the list of exceptions"
      fi
    elif [ -n "$reason" ]; then
      ok "h2spec $id: refused as expected, because $reason"
    else
      not_ok "h2spec $id" "$(tail -n 3 "$log")"
    fi
  done < <(cut -d ' ' -f 1 "$results/h2spec.cases") >/dev/null
  grep '^not ok' "$results/h2spec.tap" -A 4 | sed 's/^/    /' || true
  echo "    h2spec: $(grep -c '^ok' "$results/h2spec.tap") of $tap_n cases, $(wc -l <<<"$exceptions") of them by an exception with a reason"
  [ "$tap_n" -ge 145 ] || not_ok "h2spec ran all of its cases" "there are $tap_n"
}

rm -rf "$results"
mkdir -p "$results" "$tools"
echo "== making connectconformance and h2spec, in the versions of tests/conformance/tools/go.sum"
(cd "$top/tests/conformance/tools" && GOBIN=$tools go install tool) >"$results/tools.log" 2>&1 || {
  tail -n 20 "$results/tools.log" >&2
  exit 1
}

echo "== conformance"
begin conformance
conformance server 694
conformance client 213
end

echo "== h2spec"
begin h2spec
h2spec
end

echo "== stock clients"
SLUG_PEERS_MUST=yes sh "$here/clients.sh" "$build" >"$results/clients.tap" 2>"$results/clients.log" || true
sed 's/^/    /' "$results/clients.tap" | grep -v '^    ok' || true

echo "== the kubelet's memory manager"
SLUG_PEERS_MUST=yes sh "$here/memory-oracle.sh" "$build" >"$results/memory-oracle.tap" 2>"$results/memory-oracle.log" || true
sed 's/^/    /' "$results/memory-oracle.tap" | grep -v '^    ok' || true

echo "== the kubelet's files"
SLUG_PEERS_MUST=yes sh "$here/kubelet-files.sh" "$build" >"$results/kubelet-files.tap" 2>"$results/kubelet-files.log" || true
sed 's/^/    /' "$results/kubelet-files.tap" | grep -v '^    ok' || true

echo "== the kubelet's names of cgroups"
SLUG_PEERS_MUST=yes sh "$here/cgroup-names.sh" "$build" >"$results/cgroup-names.tap" 2>"$results/cgroup-names.log" || true
sed 's/^/    /' "$results/cgroup-names.tap" | grep -v '^    ok' || true

echo "== the kubelet's device manager"
SLUG_PEERS_MUST=yes sh "$here/device-manager.sh" "$build" >"$results/device-manager.tap" 2>"$results/device-manager.log" || true
sed 's/^/    /' "$results/device-manager.tap" | grep -v '^    ok' || true

echo "== container runtimes' NRI"
SLUG_PEERS_MUST=yes sh "$here/nri.sh" "$build" >"$results/nri.tap" 2>"$results/nri.log" || true
sed 's/^/    /' "$results/nri.tap" | grep -v '^    ok' || true

echo "== manifests, and the API server's admission of pods"
SLUG_PEERS_MUST=yes sh "$here/deploy.sh" "$build" >"$results/deploy.tap" 2>"$results/deploy.log" || true
sed 's/^/    /' "$results/deploy.tap" | grep -v '^    ok' || true

count() {
  cat "$results"/*.tap | grep -c -E "$1" || true
}
passed=$(count '^ok ')
failed=$(count '^not ok ')
skipped=$(count '^ok .* # SKIP')
for tap in "$results"/*.tap; do
  # a run that ended without a plan has not told everything
  tail -n 1 "$tap" | grep -q '^1[.][.]' || { echo "$tap has no plan: its run was cut off"; failed=$((failed + 1)); }
done
# here nothing may be skipped
echo "$((passed - skipped)) passed, $((failed + skipped)) failed"
[ "$((failed + skipped))" -eq 0 ]
