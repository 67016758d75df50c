#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is installed beside the programs, judged by systemd's own tools and without a running systemd: the units, the sandbox
# that they ask for, the group and the folders, the message catalog.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

for tool in systemd-analyze systemd-sysusers systemd-tmpfiles journalctl; do
  command -v $tool >/dev/null || skip_all "there is no $tool"
done
make_tmp
units=$abs_top_srcdir/systemd
built=$abs_top_builddir/systemd/slugd.service

# The units as they will be, but with the programs that were just built: nothing is installed here.
cp "$units/slugd.socket" "$tmp" || bail_out "there is no slugd.socket"
for program in slugd slug-kubelet slug-nri; do
  service=$abs_top_builddir/systemd/$program.service
  sed -e "s,^\(ExecStart\)=[^ ]*,\1=$abs_top_builddir/$program," "$service" >"$tmp/$program.service" ||
    bail_out "there is no $program.service"
  is "$(grep -n '@[a-z_]*@' "$service")" "" "$program.service: nothing is left to be filled in"
done
# verify UNIT...: systemd's words on them; --man=no because the pages are not installed here
verify() {
  (cd "$tmp" && systemd-analyze verify --recursive-errors=no --man=no "$@" 2>&1)
}

is "$(verify slugd.service slugd.socket slug-kubelet.service slug-nri.service)" "" "systemd finds no fault in the units"
mkdir "$tmp/planted"
sed 's/^PrivateNetwork=/PrivateNetworks=/' "$tmp/slugd.service" >"$tmp/planted/slugd.service"
contains "$(verify planted/slugd.service)" PrivateNetworks "a setting that systemd does not know is found"

# exposure UNIT: 0 when it is at most 2.0 of 10
exposure() {
  systemd-analyze security --offline=yes --threshold=20 --no-pager "$1" >"$tmp/security" 2>&1
}

for service in slugd.service slug-kubelet.service slug-nri.service; do
  exposure "$tmp/$service"
  is "$?" 0 "$service is exposed by at most 2.0: $(sed -n 's/.*Overall exposure level .*: \([0-9.]*\).*/\1/p' "$tmp/security")"
done
grep -v -E '^(CapabilityBoundingSet|SystemCallFilter)=' "$tmp/slugd.service" >"$tmp/planted/slugd.service"
exposure "$tmp/planted/slugd.service"
is "$?" 1 "without its two largest fences it is exposed by more"

# The same fact in two places.
is "$(sed -n 's/^ListenStream=//p' "$units/slugd.socket")" \
  "$(sed -n 's/^#define CONFIG_DEFAULT_SOCKET *"\(.*\)"/\1/p' "$abs_top_srcdir/daemon/config/config.h")" \
  "slugd.socket is where clients look"
contains "$(sed -n 's/^ *\.socket = //p' "$abs_top_srcdir/plugins/kubelet/main.c")" \
  "$(sed -n 's/^ListenStream=//p' "$units/slugd.socket")" "and where slug-kubelet looks"
contains "$(sed -n 's/^ *\.socket = //p' "$abs_top_srcdir/plugins/nri/main.c")" \
  "$(sed -n 's/^ListenStream=//p' "$units/slugd.socket")" "and slug-nri"
is "$(sed -n 's/^Backlog=//p' "$units/slugd.socket")" \
  "$(sed -n 's/^ *\.max_connections = \([0-9]*\),.*/\1/p' "$abs_top_srcdir/api/rpc/limits.h")" \
  "as many wait as slugd serves"

# A system as it is before the first start, and what its tools make of our files.
root=$tmp/root
mkdir -p "$root/etc" "$root/usr/lib/sysusers.d" "$root/usr/lib/tmpfiles.d" "$root/usr/lib/systemd/catalog" \
  "$root/var/lib/systemd/catalog"
cp "$units/sysusers.d/slug.conf" "$root/usr/lib/sysusers.d/slug.conf"
cp "$units/tmpfiles.d/slug.conf" "$root/usr/lib/tmpfiles.d/slug.conf"
cp "$units/slug.catalog" "$root/usr/lib/systemd/catalog/slug.catalog"

# Files that belong to root take root to make, or somebody who is root of a user namespace.
as_root=
[ "$(id -u)" -eq 0 ] || as_root="unshare --map-root-user"
if $as_root true 2>/dev/null; then
  is "$($as_root systemd-sysusers --root="$root" 2>&1 | grep -v -E '^(Creating (group|user)|Adding user)')" "" "sysusers: no complaint"
  is "$(cut -d : -f 1 "$root/etc/group" | sort | tr '\n' ' ')" \
    "$(sed -n 's/^SocketGroup=//p' "$units/slugd.socket") slug-claimer slug-kubelet slug-nri " \
    "sysusers: the groups of the socket, of claimers and of the plugins"
  is "$(cut -d : -f 1 "$root/etc/passwd" 2>/dev/null | sort)" \
    "$(sed -n 's/^User=//p' "$tmp/slug-kubelet.service" "$tmp/slug-nri.service")" "sysusers: the plugins' users"
  for plugin in slug-kubelet slug-nri; do
    sed -n 's/^SupplementaryGroups=//p' "$tmp/$plugin.service" | tr ' ' '\n' >"$tmp/groups"
    while read -r group; do
      contains ",$(sed -n "s/^$group:[^:]*:[^:]*://p" "$root/etc/group")," ",$plugin," "sysusers: $plugin is in group $group"
    done <"$tmp/groups"
  done
  is "$($as_root systemd-tmpfiles --root="$root" --create slug.conf 2>&1)" "" "tmpfiles: no complaint"
  for folder in run/slug etc/slug etc/slug/slugd.yaml.d; do
    is "$(stat -c '%F %a' "$root/$folder" 2>&1)" "directory 755" "tmpfiles: /$folder"
  done
else
  skip "sysusers and tmpfiles" "it takes root, or a user namespace"
fi

is "$(journalctl --root="$root" --update-catalog 2>&1)" "" "the catalog compiles"
journalctl --root="$root" --no-pager --list-catalog >"$tmp/listed" 2>&1
while read -r id; do
  contains "$(cat "$tmp/listed")" "$id slug: " "journalctl explains $id"
done <<END
$(sed -n 's/^#define *SLUG_MESSAGE_[A-Z_]* *"\(.*\)".*/\1/p' "$abs_top_srcdir/api/base/messages.h")
END

# allowed UNIT: the system calls that its SystemCallFilter= lines come to
allowed() {
  awk -F = '
    function add(name,    command, line, members, n, i) {
      if (name !~ /^@/) {
        call[name] = grants
        return
      }
      command = "systemd-analyze --no-pager syscall-filter " name
      n = 0
      while ((command | getline line) > 0) {
        gsub(/[ \t]/, "", line)
        if (line != "" && line !~ /^#/ && line != name)
          members[++n] = line
      }
      close(command)
      for (i = 1; i <= n; ++i)
        add(members[i])
    }
    /^SystemCallFilter=/ {
      text = $2
      grants = !sub(/^~/, "", text)
      n_words = split(text, words, " ")
      for (w = 1; w <= n_words; ++w)
        add(words[w])
    }
    END {
      for (name in call)
        if (call[name])
          print name
    }' "$1" | sort
}

# granted UNIT PROGRAM: all that was traced
granted() {
  allowed "$1" >"$tmp/allowed"
  sed -n 's/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' "$tmp/calls" | sort -u >"$tmp/called"
  is "$(grep -c -x -E 'epoll_wait|signalfd4|timerfd_settime' "$tmp/called")" 3 "system calls of $2 could be read"
  is "$(comm -23 "$tmp/called" "$tmp/allowed")" "" "every system call of $2 is one that its unit grants"
}
# shellcheck disable=SC2317 # wait_until calls it
# has_lines FILE PATTERN COUNT: at least
has_lines() {
  [ -f "$1" ] && [ "$(grep -c "$2" "$1")" -ge "$3" ]
}

# What slugd calls at its start, when it answers, when it looks again, at a reload and at its end. -D makes it strace that is
# the child, so that a signal goes to slugd.
allowed "$built" >"$tmp/allowed"
is "$(grep -c -x -E 'openat|mount|mbind|setuid|io_uring_setup' "$tmp/allowed")" 1 "the filter grants files, and neither mounts nor policies"
is "$(grep -x -E 'move_pages|migrate_pages|ptrace|process_vm_readv|process_vm_writev|process_madvise|kcmp|bpf' "$tmp/allowed")" move_pages \
  "of what goes with its capabilities it grants move_pages"
echo 'refreshInterval: 100ms' >"$tmp/slugd.yaml"
if [ "${TEST_IS_SANITIZED:-no}" = yes ]; then
  skip "system calls" "a sanitizer makes calls of its own"
elif ! strace -o "$tmp/calls" true 2>/dev/null; then
  skip "system calls" "there is no strace, or nothing may be traced"
else
  strace -D -f -o "$tmp/calls" "$slugd" --socket "$sock" --foreground --config "$tmp/slugd.yaml" >"$tmp/slugd.log" 2>&1 &
  slugd_pid=$!
  ctl describe-node >/dev/null
  is "$?" 0 "slugd serves under strace"
  kill -s HUP "$slugd_pid"
  wait_until grep -q 'read again' "$tmp/slugd.log"
  is "$?" 0 "it was told to reload"
  ctl topology >/dev/null
  stop_slugd TERM
  is "$slugd_status" 0 "and stopped as asked"
  wait_until grep -q 'exited with 0' "$tmp/calls"
  granted "$built" slugd

  # slug-kubelet asks a runtime and a kubelet that answer, and tells a slugd that does
  world=$tmp/world
  mkdir -p "$world/run/crio" "$world/var/lib/kubelet/pod-resources" "$tmp/said"
  doubles=
  # shellcheck disable=SC2086 # a list
  trap '[ -z "$doubles" ] || kill $doubles 2>/dev/null; clean_up' EXIT
  for peer in "runtime $world/run/crio/crio.sock" "pod-resources $world/var/lib/kubelet/pod-resources/kubelet.sock" "slugd $sock"; do
    # shellcheck disable=SC2086 # two words
    "$abs_top_builddir/tests/lib/double" $peer "$tmp/said" &
    doubles="$doubles $!"
  done
  wait_until has_lines "$tmp/said/calls" listening 3
  strace -D -f -o "$tmp/calls" "$abs_top_builddir/slug-kubelet" --root "$world" --slugd "$sock" --interval 200ms \
    --settle-time 1s --foreground >"$tmp/slug-kubelet.log" 2>&1 &
  agent_pid=$!
  wait_until has_lines "$tmp/slug-kubelet.log" "are settled" 1
  is "$?" 0 "slug-kubelet settles under strace"
  wait_until has_lines "$tmp/said/reports" settled 1
  kill -s TERM "$agent_pid"
  wait "$agent_pid"
  is "$?" 0 "and stops as asked"
  wait_until grep -q 'exited with 0' "$tmp/calls"
  granted "$abs_top_builddir/systemd/slug-kubelet.service" slug-kubelet

  # slug-nri, with a runtime that creates a container
  mkdir "$tmp/nri"
  mkfifo "$tmp/commands"
  "$abs_top_builddir/tests/lib/nri-runtime" "$tmp/nri/nri.sock" "$tmp/nri" <"$tmp/commands" &
  doubles="$doubles $!"
  exec 3>"$tmp/commands"
  wait_until has_lines "$tmp/nri/calls" listening 1
  strace -D -f -o "$tmp/calls" "$abs_top_builddir/slug-nri" --nri-socket "$tmp/nri/nri.sock" --slugd "$sock" --foreground \
    >"$tmp/slug-nri.log" 2>&1 &
  agent_pid=$!
  wait_until has_lines "$tmp/nri/calls" synchronized 1
  echo '{"pod":{"annotations":{"memory.sluglab.io/pod":"remote=1Gi"}},"container":{"id":"c"}}' >"$tmp/nri/create.json"
  echo "CreateContainer create.json created" >&3
  wait_until has_lines "$tmp/nri/calls" created 1
  is "$?" 0 "slug-nri answers under strace"
  kill -s TERM "$agent_pid"
  wait "$agent_pid"
  is "$?" 0 "and stops as asked"
  # shellcheck disable=SC2086 # a list
  kill $doubles
  wait_until grep -q 'exited with 0' "$tmp/calls"
  granted "$abs_top_builddir/systemd/slug-nri.service" slug-nri
fi
done_testing
