#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots one profile and runs its cases. TAP on standard output.

    run.py --image DIR --payload DIR --results DIR [--disk FILE] PROFILE [CASE...]

The guest mounts the payload, runs the cases, writes TAP to one virtio port and asks for things on another:

    qmp COMMAND JSON       done by QEMU's monitor; its answer comes back as a line of JSON
    reset                  the power is cut and comes back; the guest goes on with the case that it was in
    up                     that it does so; from now on QEMU ends again with a guest that resets, which is one that panicked

What it wants to hand over it writes below the payload's "out" folder. It switches itself off at the end. Everything has a limit;
whatever happens, QEMU dies with this process, and the console's log stays when something failed.
"""

import argparse
import ctypes
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import qemu  # noqa: E402

BOOT_LIMIT = 600  # seconds until the guest's first word: a busy host, and one processor for all of it, take their time
SILENCE_LIMIT = 1300  # between two of its words: a case has 1200 at the most
TOTAL_LIMIT = 3600
PR_SET_PDEATHSIG = 1


def die_with_parent():
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def connect(path, limit):
    """QEMU makes its sockets a moment after it started."""
    end = time.monotonic() + limit
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(path)
            return connection
        except OSError:
            connection.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def choose_accelerator():
    """KVM only where a guest really runs: the device may open on machines whose guests die at once."""
    command = ["qemu-system-x86_64", "-nodefaults", "-nographic", "-accel", "kvm", "-cpu", "host", "-m", "64M", "-S",
               "-qmp", "stdio"]
    if os.access("/dev/kvm", os.R_OK | os.W_OK):
        try:
            # The BIOS has to get somewhere: a processor that cannot run stops the machine with an internal error.
            talk = '{"execute":"qmp_capabilities"}\n{"execute":"cont"}\n'
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       text=True, preexec_fn=die_with_parent)
            process.stdin.write(talk)
            process.stdin.flush()
            time.sleep(2)
            out, _ = process.communicate('{"execute":"query-status"}\n{"execute":"quit"}\n', timeout=10)
            if process.returncode == 0 and '"status": "running"' in out:
                return "kvm"
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()
    return "tcg,thread=multi"


class Monitor:
    def __init__(self, path):
        self.socket = connect(path, 30)
        self.file = self.socket.makefile("rw", encoding="utf-8")
        self.file.readline()
        self.ask("qmp_capabilities", {})

    def ask(self, command, arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "return" in answer or "error" in answer:
                return answer


class Tap:
    """The guest's lines, counted and numbered anew."""

    def __init__(self, profile, cases):
        self.profile, self.waiting, self.case = profile, list(cases), None
        self.n, self.failed, self.is_over = 0, 0, False
        self.n_case, self.planned, self.started = 0, None, time.monotonic()

    def say(self, line):
        print(line, flush=True)

    def result(self, is_good, text):
        self.n += 1
        self.failed += not is_good
        self.say(f"{'ok' if is_good else 'not ok'} {self.n} - {self.profile}/{text}")

    def take(self, line):
        words = line.split(maxsplit=3)
        if line.startswith("# case "):
            self.case, self.n_case, self.planned = line[7:].strip(), 0, None
            self.say(f"# {self.profile}/{self.case}, {time.monotonic() - self.started:.0f} s after power on")
        elif line.startswith("# end "):
            status = line.split()[2]
            self.result(status == "0" and self.planned == self.n_case,
                        f"{self.case}: all of it ran" + ("" if status == "0" else f" (exit status {status})"))
            if self.case in self.waiting:
                self.waiting.remove(self.case)
        elif line.startswith("# done"):
            self.is_over = True
        elif line.startswith("ok ") or line.startswith("not ok "):
            is_good = words[0] == "ok"
            self.n_case += 1
            self.result(is_good, f"{self.case}: " + line.split(" - ", 1)[-1])
        elif line.startswith("1.."):
            self.planned = int(line[3:].split()[0])
        else:
            self.say(line if line.startswith("#") else f"# {line}")


class Guest:
    def __init__(self, profile, options, folder):
        self.folder, self.tap = folder, Tap(profile.name, profile.cases)
        accelerator = choose_accelerator()
        command = qemu.arguments(profile, options, folder, accelerator)
        self.tap.say(f"# {profile.name}: QEMU with {accelerator}, console in {folder}/console.log")
        self.log = open(f"{folder}/qemu.log", "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        preexec_fn=die_with_parent)
        self.buffers = {"tap": b"", "host": b""}

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()

    def answer(self, line):
        """One request of the guest."""
        words = line.split(" ", 2)
        if words == ["reset"]:
            # the BIOS may reset the machine once more on its way
            self.monitor.ask("set-action", {"reboot": "reset"})
            self.monitor.ask("system_reset", {})
            return
        if words == ["up"]:
            self.monitor.ask("set-action", {"reboot": "shutdown"})
            return
        try:
            if words[0] != "qmp" or len(words) != 3:
                raise ValueError(f"cannot do '{line}'")
            answer = self.monitor.ask(words[1], json.loads(words[2]))
        except (ValueError, OSError) as error:
            answer = {"error": str(error)}
        self.host.sendall((json.dumps(answer) + "\n").encode())

    def read(self, name, connection, handle):
        data = connection.recv(65536)
        self.buffers[name] += data
        while b"\n" in self.buffers[name]:
            line, self.buffers[name] = self.buffers[name].split(b"\n", 1)
            handle(line.decode(errors="replace").rstrip("\r"))
        return bool(data)

    def serve(self):
        """Until the guest is done or off. Returns why it ended before its time, or None."""
        self.monitor = Monitor(f"{self.folder}/qmp.sock")
        tap, self.host = connect(f"{self.folder}/tap.sock", 30), connect(f"{self.folder}/host.sock", 30)
        selector = selectors.DefaultSelector()
        selector.register(tap, selectors.EVENT_READ, ("tap", self.tap.take))
        selector.register(self.host, selectors.EVENT_READ, ("host", self.answer))
        end, silent_from, limit = time.monotonic() + TOTAL_LIMIT, time.monotonic(), BOOT_LIMIT
        while self.process.poll() is None:
            for key, _ in selector.select(timeout=0.5):
                name, handle = key.data
                if not self.read(name, key.fileobj, handle):
                    selector.unregister(key.fileobj)
                silent_from, limit = time.monotonic(), SILENCE_LIMIT
            if self.tap.is_over:
                # it would switch itself off; containers that hear no SIGTERM make that a minute and a half
                return None
            if not selector.get_map():
                break
            if time.monotonic() > end:
                return f"it was not done after {TOTAL_LIMIT} seconds"
            if time.monotonic() - silent_from > limit:
                return f"it said nothing for {limit} seconds"
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            return "it would not be switched off"
        return None


def show_tail(folder, tap):
    tap.say(f"# the end of {folder}/console.log:")
    try:
        with open(f"{folder}/console.log", encoding="utf-8", errors="replace") as log:
            for line in log.readlines()[-60:]:
                tap.say("# | " + "".join(c for c in line.rstrip() if c.isprintable()))
    except OSError as error:
        tap.say(f"# {error}")


def run(profile, options):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    # whoever started this may be killed, too
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    folder = tempfile.mkdtemp(prefix=f"slug-vm-{profile.name}-")
    guest = Guest(profile, options, folder)
    tap, reason = guest.tap, "it was interrupted"
    try:
        try:
            reason = guest.serve()
        except OSError as error:
            reason = f"QEMU cannot be talked to: {error}"
    finally:
        guest.stop()
        os.makedirs(options.results, exist_ok=True)
        shutil.copy(f"{folder}/console.log", f"{options.results}/{profile.name}.console.log") \
            if os.path.exists(f"{folder}/console.log") else None
        with open(f"{folder}/qemu.log", encoding="utf-8", errors="replace") as log:
            for line in log:
                tap.say(f"# qemu: {line.rstrip()}")
        if reason or not tap.is_over or tap.waiting:
            tap.result(False, f"the guest ran to its end{': ' + reason if reason else ''}"
                              f"{'; not run: ' + ' '.join(tap.waiting) if tap.waiting else ''}")
        if tap.failed:
            show_tail(folder, tap)
        shutil.rmtree(folder, ignore_errors=True)
    tap.say(f"# {profile.name}: {time.monotonic() - tap.started:.0f} s in all")
    tap.say(f"1..{tap.n}")
    return 1 if tap.failed else 0


def main():
    parser = argparse.ArgumentParser(description="Boots one profile and runs its cases; TAP on standard output.")
    parser.add_argument("--image", required=True, help="folder with root.img, vmlinuz and initrd.img")
    parser.add_argument("--payload", required=True, help="folder that the guest sees; its 'out' is written to")
    parser.add_argument("--results", required=True, help="folder for the console's log")
    parser.add_argument("--disk", help="a file that the guest has as a second disk, to be read")
    parser.add_argument("profile")
    parser.add_argument("case", nargs="*", help="only these")
    options = parser.parse_args()
    try:
        profile = qemu.Profile(options.profile)
    except (OSError, ValueError, qemu.ProfileError) as error:
        sys.exit(f"run.py: {error}")
    if options.case:
        profile.cases = options.case
    with open(f"{options.payload}/cases.list", "w", encoding="utf-8") as listing:
        listing.write("".join(f"{case}\n" for case in profile.cases))
    return run(profile, options)


if __name__ == "__main__":
    sys.exit(main())
