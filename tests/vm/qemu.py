# SPDX-License-Identifier: Apache-2.0
"""A profile, which is a few lines of text about a machine, as arguments for QEMU.

    node ID SIZE [cpus=LIST]            a NUMA node; without cpus it has none
    distance FROM TO VALUE              both ways
    access FROM TO LATENCY BANDWIDTH    HMAT: nanoseconds, and QEMU's form of bytes a second (32G)
    initiator NODE FROM                 HMAT: the NUMA node with CPUs that one without is attached to; otherwise the first
    cxl NAME SIZE                       a volatile type-3 device behind a root port of its own
    window SIZE                         the CXL window that all of them share
    virtio-mem NODE MAXIMUM INITIAL     memory that grows and shrinks; QMP knows it as "vm0"
    kernel WORD...                      more of the kernel's command line
    clock instructions                  the guest's time passes with the instructions that it executes, a nanosecond each, and not
                                        with the host's: what takes how long there is the same on a host with much to do. For one
                                        emulated processor at a time; slower
    needs NAME...                       kubelet: a disk with a real one; packages: Debian packages of slug; asking: it is run only
                                        when it is named
    suite NAME                          of Debian, whose kernel and system it has; otherwise Debian 13's
    cases NAME...                       which of cases/NAME.sh are run, in this order
    like PROFILE                        its machine, without its cases

A "#" begins a comment. Anything else is refused with its line.
"""

import os


class ProfileError(Exception):
    pass


class Profile:
    def __init__(self, path):
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.counts_instructions = False
        self.nodes, self.distances, self.access, self.initiators = [], [], [], {}
        self.cxl, self.window, self.virtio_mem, self.kernel, self.cases = [], None, None, [], []
        self._read_file(path)
        if not self.nodes or not self.cases:
            raise ProfileError(f"{path}: a profile needs at least one node and one case")

    def _read_file(self, path):
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                words = line.split("#")[0].split()
                if words:
                    self._read(path, number, words)

    def _read(self, path, number, words):
        forms = {"node": (2, 3), "distance": (3, 3), "access": (4, 4), "initiator": (2, 2), "cxl": (2, 2), "window": (1, 1),
                 "virtio-mem": (3, 3), "kernel": (1, 20), "cases": (1, 99), "needs": (1, 9), "like": (1, 1),
                 "suite": (1, 1), "clock": (1, 1)}
        what, rest = words[0], words[1:]
        least, most = forms.get(what, (1, 0))
        if not least <= len(rest) <= most:
            raise ProfileError(f"{path}:{number}: '{' '.join(words)}' is nothing that a profile may say")
        if what == "node":
            cpus = rest[2].removeprefix("cpus=") if len(rest) == 3 else None
            self.nodes.append((int(rest[0]), rest[1], cpus))
        elif what == "distance":
            self.distances.append(rest)
        elif what == "access":
            self.access.append(rest)
        elif what == "initiator":
            self.initiators[int(rest[0])] = rest[1]
        elif what == "cxl":
            self.cxl.append(rest)
        elif what == "window":
            self.window = rest[0]
        elif what == "virtio-mem":
            self.virtio_mem = rest
        elif what == "clock":
            if rest != ["instructions"]:
                raise ProfileError(f"{path}:{number}: there is no clock '{rest[0]}'")
            self.counts_instructions = True
        elif what == "kernel":
            self.kernel.extend(rest)
        elif what == "like":
            self._read_file(os.path.join(os.path.dirname(path), f"{rest[0]}.profile"))
            self.cases = []
        elif what == "cases":
            self.cases.extend(rest)
        # what is left is "needs" and "suite", which check.sh reads


def mebibytes(size):
    return int(size[:-1]) * {"M": 1, "G": 1024}[size[-1]]


def numa_arguments(profile):
    arguments = []
    with_cpus = [node for node, _, cpus in profile.nodes if cpus]
    for node, size, cpus in profile.nodes:
        form = f"node,nodeid={node}"
        if size != "0":
            arguments += ["-object", f"memory-backend-ram,size={size},id=ram{node}"]
            form += f",memdev=ram{node}"
        if cpus:
            form += f",cpus={cpus}"
        elif profile.access:
            form += f",initiator={profile.initiators.get(node, with_cpus[0])}"
        arguments += ["-numa", form]
    for source, target, value in profile.distances:
        arguments += ["-numa", f"dist,src={source},dst={target},val={value}"]
    for source, target, latency, bandwidth in profile.access:
        form = f"hmat-lb,initiator={source},target={target},hierarchy=memory,data-type=access-"
        arguments += ["-numa", f"{form}latency,latency={latency}", "-numa", f"{form}bandwidth,bandwidth={bandwidth}"]
    return arguments


def cxl_arguments(profile):
    if not profile.cxl:
        return []
    arguments = ["-device", "pxb-cxl,bus_nr=12,bus=pcie.0,id=cxl.1"]
    for index, (name, size) in enumerate(profile.cxl):
        arguments += [
            "-object", f"memory-backend-ram,id={name},share=on,size={size}",
            "-device", f"cxl-rp,port={index},bus=cxl.1,id=rp{index},chassis=0,slot={index + 2}",
            "-device", f"cxl-type3,bus=rp{index},volatile-memdev={name},id=cxl-{name},sn={0xABC0 + index:#x}",
        ]
    return arguments + ["-M", f"cxl-fmw.0.targets.0=cxl.1,cxl-fmw.0.size={profile.window}"]


def virtio_mem_arguments(profile):
    if not profile.virtio_mem:
        return []
    node, maximum, initial = profile.virtio_mem
    return ["-object", f"memory-backend-ram,id=vmem0,size={maximum}",
            "-device", f"virtio-mem-pci,id=vm0,memdev=vmem0,node={node},requested-size={initial},bus=pcie.0"]


def disk_arguments(name, file, how):
    """Everything that does DMA sits on the first bus: behind a CXL bridge it would not be found."""
    return ["-drive", f"file={file},format=raw,if=none,id={name},{how}",
            "-device", f"virtio-blk-pci,drive={name},bus=pcie.0"]


def arguments(profile, options, folder, accelerator):
    """options: as of run.py; folder: where the sockets and the console's log are."""
    image = options.image
    total = sum(mebibytes(size) for _, size, _ in profile.nodes if size != "0")
    features = ("cxl=on," if profile.cxl else "") + ("hmat=on" if profile.access else "hmat=off")
    # Without hypervisor=off the kernel refuses to commit a CXL region: it may not invalidate caches under a hypervisor.
    cpu = "max,hypervisor=off" if profile.cxl else "max"
    if profile.counts_instructions:
        accelerator = "tcg,thread=single"
    return [
        "qemu-system-x86_64", "-nographic", "-no-reboot", "-nodefaults", "-accel", accelerator, "-cpu", cpu,
        *(["-icount", "shift=0,sleep=on"] if profile.counts_instructions else []),
        "-machine", f"q35,{features}", "-smp", "2", "-m", f"{total}M,slots=8,maxmem=16G",
        "-kernel", f"{image}/vmlinuz", "-initrd", f"{image}/initrd.img",
        # no_timer_check: on a host with much to do the kernel would not see the emulated timer in time, and panic
        "-append", "root=/dev/vda rw console=ttyS0 panic=-1 quiet no_timer_check systemd.show_status=no " +
        " ".join(profile.kernel),
        "-serial", f"file:{folder}/console.log",
        *disk_arguments("root", f"{image}/root.img", "snapshot=on"),
        *(disk_arguments("disk", options.disk, "readonly=on") if options.disk else []),
        "-fsdev", f"local,id=payload,path={options.payload},security_model=none",
        "-device", "virtio-9p-pci,fsdev=payload,mount_tag=payload,bus=pcie.0",
        "-device", "virtio-serial-pci,bus=pcie.0",
        "-chardev", f"socket,id=tap,path={folder}/tap.sock,server=on,wait=off",
        "-device", "virtserialport,chardev=tap,name=tap",
        "-chardev", f"socket,id=host,path={folder}/host.sock,server=on,wait=off",
        "-device", "virtserialport,chardev=host,name=host",
        "-device", "virtio-rng-pci,bus=pcie.0",
        "-qmp", f"unix:{folder}/qmp.sock,server=on,wait=off",
        *numa_arguments(profile), *cxl_arguments(profile), *virtio_mem_arguments(profile),
    ]
