# SPDX-License-Identifier: Apache-2.0
"""Tries what the sandbox of a unit forbids, and what it must allow. One line each: "good WHAT" or "bad WHAT".

    sandbox.py slugd|slug-kubelet
"""

import ctypes
import errno
import os
import socket
import subprocess
import sys


def tell(is_good, what):
    print(("good " if is_good else "bad ") + what, flush=True)


def refused(what, attempt):
    try:
        attempt()
        tell(False, f"{what}: refused, but it worked")
    except OSError as error:
        tell(True, f"{what}: refused ({error.strerror})")


def allowed(what, attempt):
    try:
        attempt()
        tell(True, f"{what}: allowed")
    except OSError as error:
        tell(False, f"{what}: allowed, but {error.strerror}")


def run(*command):
    def attempt():
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise OSError(1, f"exit status {done.returncode}")
    return attempt


def write(path):
    def attempt():
        with open(path, "a", encoding="utf-8") as file:
            file.write("x")
    return attempt


def read(path):
    def attempt():
        # what is hidden is an empty file of mode 0, which a process that may pass over modes can open
        with open(path, "rb") as file:
            if not file.read(1):
                raise OSError(errno.ENODATA, "it is hidden")
    return attempt


def reach(path):
    def attempt():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(path)
    return attempt


def listen(path):
    def attempt():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(path)
            os.chmod(path, 0o600)
            os.rename(path, path + "-was-here")
            os.unlink(path + "-was-here")
    return attempt


def call(number, *arguments):
    # by its number on x86-64: ptrace (PTRACE_ATTACH) is 101, process_vm_readv 310, move_pages 279
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *(ctypes.c_long(argument) for argument in arguments)) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def make_cgroup():
    # the root's folder has mode 555, which root without capabilities has to heed
    os.mkdir("/sys/fs/cgroup/system.slice/slug-was-here")
    os.rmdir("/sys/fs/cgroup/system.slice/slug-was-here")


def hear_uevents():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 15) as kernel:
        kernel.bind((0, 1))


NETWORKS = {"IPv4": socket.AF_INET, "IPv6": socket.AF_INET6, "packet": socket.AF_PACKET, "vsock": socket.AF_VSOCK}
for name, family in NETWORKS.items():
    refused(f"a {name} socket", lambda family=family: socket.socket(family, socket.SOCK_DGRAM).close())
allowed("a Unix socket", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close())
if sys.argv[1] == "slugd":
    allowed("the kernel's uevents", hear_uevents)
    for path in ("/proc/meminfo", "/proc/1/cmdline", "/proc/1/stat", "/sys/devices/system/node/online", "/etc/fstab"):
        allowed(f"reading {path}", read(path))
    allowed("a cgroup", make_cgroup)
    allowed("the service manager", reach("/run/dbus/system_bus_socket"))
    allowed("a setting that slugd.yaml can hand over", lambda: open("/sys/kernel/mm/numa/demotion_enabled", "r+b").close())
    refused("a trace of another process", lambda: call(101, 16, 1, 0, 0))
    refused("memory of another process", lambda: call(310, 1, 0, 0, 0, 0, 0))
    allowed("moving pages of another process", lambda: call(279, 1, 0, 0, 0, 0, 0))
else:
    refused("moving pages of another process", lambda: call(279, 1, 0, 0, 0, 0, 0))
    refused("a setting of the kernel's", lambda: open("/sys/kernel/mm/numa/demotion_enabled", "r+b").close())
    refused("a cgroup", make_cgroup)
    refused("writing to a cgroup", write("/sys/fs/cgroup/cgroup.procs"))
    refused("the kernel's uevents", hear_uevents)
    allowed("the runtime", reach("/run/containerd/containerd.sock"))
    allowed("slugd", reach("/run/slug/slugd.sock"))
    refused("the service manager", reach("/run/dbus/system_bus_socket"))
    refused("writing to slugd's ledger", write("/var/lib/slug/ledger.log"))
    allowed("a static pod's manifest", read("/etc/kubernetes/manifests/pod.yaml"))
    refused("writing to it", write("/etc/kubernetes/manifests/pod.yaml"))
    refused("what kubeadm has beside it", read("/etc/kubernetes/admin.conf"))
    for folder in ("plugins_registry", "device-plugins"):
        allowed(f"a socket in {folder}", listen(f"/var/lib/kubelet/{folder}/slug"))
    for folder in ("plugins", "."):
        refused(f"a socket in {folder}", listen(f"/var/lib/kubelet/{folder}/slug"))

for path in ("/etc/slug-was-here", "/usr/slug-was-here", "/var/slug-was-here", "/run/slug-was-here", "/root/slug-was-here",
             "/home/slug-was-here", "/boot/slug-was-here", "/sys/kernel/mm/lru_gen/enabled",
             "/sys/devices/system/memory/auto_online_blocks", "/proc/sys/kernel/hostname", "/dev/kmsg", "/dev/vda"):
    refused(f"writing to {path}", write(path))
refused("reading /etc/shadow", read("/etc/shadow"))

refused("mounting", run("mount", "-t", "tmpfs", "none", "/tmp"))
refused("loading a module", run("modprobe", "dummy"))
refused("another namespace", run("unshare", "--user", "true"))
refused("a device", lambda: os.mknod("/tmp/device", 0o600 | 0o020000, os.makedev(1, 1)))
refused("another user", lambda: os.setuid(12345))
refused("setting the time", run("date", "-s", "2001-01-01"))
refused("a setuid file", lambda: (open("/tmp/file", "w", encoding="utf-8").close(), os.chmod("/tmp/file", 0o4755)))
