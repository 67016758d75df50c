#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starting and stopping: what slugd says and does when all is well, and when the socket, the configuration or an argument is not.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
root=$tmp/root
"$mktree" "$machines/one-node.tree" "$root" || bail_out "cannot make a machine"

# refused STATUS PART NAME ARGUMENT...: slugd ends by itself with that status, and its words hold PART
refused() {
  status=$1
  part=$2
  name=$3
  shift 3
  timeout -k 5 30 "$slugd" "$@" >"$tmp/refused.log" 2>&1
  is "$?" "$status" "$name: exit status"
  contains "$(cat "$tmp/refused.log")" "$part" "$name: says why"
}

serves() {
  ctl describe-node >/dev/null 2>"$tmp/error"
  is "$?" 0 "$1"
}

for signal in TERM INT; do
  # a shell without job control has its background commands ignore SIGINT; env puts the default back
  env --default-signal=INT "$slugd" --socket "$sock" --foreground --root "$root" >"$tmp/slugd.log" 2>&1 &
  slugd_pid=$!
  serves "slugd serves what it was started for"
  is "$(find "$sock" -type s)" "$sock" "its socket is a socket"
  contains "$(cat "$tmp/slugd.log")" "ready" "it says that it is ready"
  stop_slugd $signal
  is "$slugd_status" 0 "SIG$signal is a way to stop"
  is "$(find "$tmp" -mindepth 1 -maxdepth 1 ! -name root ! -name slugd.log ! -name error)" "" "after SIG$signal nothing is left behind"
done

# Two daemons, one socket.
start_slugd --root "$root"
serves "the first of two serves"
refused 1 "$sock" "a second slugd on the same socket" --foreground --root "$root" --socket "$sock"
serves "the first goes on serving"
stop_slugd TERM

# Who answers, and from what machine.
start_slugd --root "$root"
contains "$(ctl version)" "captured in $root" "version says that the machine is a captured one"
is "$(ctl -o json version | value_of root)" "$root" "version as JSON says so, too"
ctl describe-node >"$tmp/answer" 2>"$tmp/error"
is "$(grep -c "$root" "$tmp/answer")" 0 "describe-node does not tell where the machine lies"
contains "$(cat "$tmp/error")" "captured in $root" "that it is a captured one is said beside it"
stop_slugd TERM
rm -f "$tmp/answer"

# What a killed daemon leaves.
start_slugd --root "$root"
serves "slugd serves before it is killed"
stop_slugd KILL
is "$(find "$sock" -type s)" "$sock" "a killed slugd leaves its socket"
start_slugd --root "$root"
serves "the next one replaces it"
stop_slugd TERM
is "$slugd_status" 0 "and stops as asked"

# Paths that cannot be served.
long=$tmp/$(printf '%0120d' 0)
refused 1 "bytes long and the kernel takes 107" "a socket path that is too long" --foreground --root "$root" --socket "$long"
echo precious >"$tmp/file"
refused 1 "$tmp/file" "a file where the socket should be" --foreground --root "$root" --socket "$tmp/file"
is "$(cat "$tmp/file")" precious "the file is still what it was"
refused 1 "$tmp/none" "a socket in a folder that does not exist" --foreground --root "$root" --socket "$tmp/none/slugd.sock"
mkdir "$tmp/folder"
refused 1 "$tmp/folder" "a folder where the socket should be" --foreground --root "$root" --socket "$tmp/folder"

# Configurations that are refused, with the place where they broke.
printf 'refreshInterval: 1s\nreservation:\n  placment: local-first\n' >"$tmp/bad.yaml"
refused 1 "$tmp/bad.yaml:3:3" "an unknown key" --foreground --root "$root" --socket "$sock" --config "$tmp/bad.yaml"
printf 'refreshInterval: soon\n' >"$tmp/bad.yaml"
refused 1 "$tmp/bad.yaml:1:18" "a value of the wrong kind" --foreground --root "$root" --socket "$sock" --config "$tmp/bad.yaml"
printf 'refreshInterval: [1s\n' >"$tmp/bad.yaml"
refused 1 "$tmp/bad.yaml:" "a file that is no YAML" --foreground --root "$root" --socket "$sock" --config "$tmp/bad.yaml"
refused 1 "$tmp/none.yaml" "a configuration that is not there" --foreground --root "$root" --socket "$sock" --config "$tmp/none.yaml"
mkdir -p "$root/etc/slug"
printf 'colour: red\n' >"$root/etc/slug/slugd.yaml"
refused 1 "/etc/slug/slugd.yaml:1:1" "a bad file below the root" --foreground --root "$root" --socket "$sock"
printf 'refreshInterval: 1s\n' >"$root/etc/slug/slugd.yaml"
start_slugd --root "$root"
serves "a good file below the root"
stop_slugd TERM

# Arguments.
refused 2 "--help" "an unknown option" --no-such-option
refused 2 "--help" "an argument too many" --foreground here
refused 2 "loud" "a level that does not exist" --log-level loud
refused 1 "--socket" "a captured machine without a socket of its own" --foreground --root "$root"
refused 1 "$tmp/none" "a root that is not there" --foreground --root "$tmp/none" --socket "$sock"
is "$("$slugd" --help >"$tmp/help"; echo $?)" 0 "--help is no mistake"
contains "$(cat "$tmp/help")" "--root" "--help tells the options"
contains "$("$slugd" --version)" "slugd " "--version tells the version"

# Nothing at all to read: shown as missing, served all the same.
mkdir "$tmp/empty"
start_slugd --root "$tmp/empty"
serves "an empty root is served"
stop_slugd TERM
is "$slugd_status" 0 "and left as asked"

# What supervises slugd learns that it is ready, and that it stops.
if command -v python3 >/dev/null; then
  python3 - "$tmp/notify" "$slugd" --socket "$sock" --foreground --root "$root" >"$tmp/notified" 2>&1 <<'END'
import os, signal, socket, subprocess, sys
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(sys.argv[1])
notify.settimeout(30)
daemon = subprocess.Popen(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET=sys.argv[1]), stderr=subprocess.DEVNULL)
def wait_for(word):
    while True:
        told = notify.recv(4096).decode()
        print(told)
        if word in told.split("\n"):
            return
try:
    wait_for("READY=1")
    daemon.send_signal(signal.SIGHUP)
    wait_for("RELOADING=1")
    wait_for("READY=1")
    daemon.send_signal(signal.SIGTERM)
    wait_for("STOPPING=1")
    print("exit status", daemon.wait(30))
finally:
    daemon.kill()
END
  contains "$(cat "$tmp/notified")" "READY=1" "READY is told to whoever asked to be told"
  contains "$(cat "$tmp/notified")" "STATUS=Generation 1: 1 NUMA node, " "and how things are"
  contains "$(cat "$tmp/notified")" "RELOADING=1" "and that it reloads"
  contains "$(cat "$tmp/notified")" "STOPPING=1" "and so is STOPPING"
  contains "$(cat "$tmp/notified")" "exit status 0" "and it ends well"
else
  skip "READY is told to whoever asked to be told" "there is no python3"
fi

# slugctl's own ways to fail.
is "$("$slugctl" --socket "$tmp/nobody.sock" describe-node >/dev/null 2>"$tmp/error"; echo $?)" 3 "slugctl without a slugd: exit status"
contains "$(cat "$tmp/error")" "$tmp/nobody.sock" "slugctl without a slugd: says where it looked"
is "$(wc -l <"$tmp/error" | tr -d ' ')" 1 "slugctl without a slugd: in one line"
is "$("$slugctl" --socket "$tmp/nobody.sock" version 2>"$tmp/error"; echo $?)" "$(printf 'slugctl  %s\n0' "$("$slugctl" --version | cut -d ' ' -f 2)")" \
  "slugctl version without a slugd: tells its own"
contains "$(cat "$tmp/error")" "$tmp/nobody.sock" "slugctl version without a slugd: says that there is none"
is "$("$slugctl" --socket "$tmp/nobody.sock" version --client 2>&1 >/dev/null)" "" "slugctl version --client does not look for one"
is "$("$slugctl" --client describe-node >/dev/null 2>"$tmp/error"; echo $?)" 2 "slugctl with an option of another verb"
contains "$(cat "$tmp/error")" "--client is an option of version" "slugctl with an option of another verb: says whose it is"
is "$("$slugctl" no-such-verb >/dev/null 2>&1; echo $?)" 2 "slugctl with an unknown verb"
is "$("$slugctl" --no-such-option >/dev/null 2>&1; echo $?)" 2 "slugctl with an unknown option"
is "$("$slugctl" --help >/dev/null 2>&1; echo $?)" 0 "slugctl --help"
done_testing
