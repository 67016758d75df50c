# SPDX-License-Identifier: Apache-2.0
"""Every pod as slugd lists it, beside what the container runtime and the kernel say of it.

    pods-agree.py [--once]

Prints a line "bad WHAT" for whatever differs, and a last one that counts; without --once it waits until nothing does.

slugd hears of changes by and by, so all three are asked again until they agree. What is read of the kernel here is read in
another way than slugd does: containers are found by the process that the runtime says is theirs.
"""

import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import node  # noqa: E402

LIMIT = 120  # seconds
PAGE = os.sysconf("SC_PAGE_SIZE")
# A read is exact but for what the processors have not yet added to the sum (64 pages each), in each of the two reads.
STALE = 2 * 64 * os.cpu_count() * PAGE
MIB = 1048576
POD = re.compile(r"(?:kubepods(?:-burstable|-besteffort)?-)?pod([0-9a-f_-]+)(?:[.]slice)?")
COUNTED = {"anon", "file", "slab_reclaimable", "slab_unreclaimable", "kernel_stack", "pagetables"}
STATES = {"CONTAINER_CREATED": "CREATED", "CONTAINER_RUNNING": "RUNNING", "CONTAINER_EXITED": "EXITED"}


def read(path, name):
    with open(f"{node.CGROUPS}/{path}/{name}", encoding="utf-8") as file:
        return file.read()


def kernel_pods():
    """Pods' cgroups by uid, below the cgroup root."""
    found = {}
    for top in ("kubepods", "kubepods.slice"):
        for folder, names, _ in os.walk(f"{node.CGROUPS}/{top}"):
            for name in names:
                match = POD.fullmatch(name)
                if match:
                    found[match.group(1).replace("_", "-")] = os.path.relpath(f"{folder}/{name}", node.CGROUPS)
            names[:] = [name for name in names if not POD.fullmatch(name)]
    return found


def numa_bytes(path):
    nodes = {}
    for line in read(path, "memory.numa_stat").splitlines():
        name, *rest = line.split()
        for part in rest if name in COUNTED else ():
            key, value = part[1:].split("=")
            nodes[int(key)] = nodes.get(int(key), 0) + int(value)
    return nodes


def container_cgroup(runtime, container):
    """Of the process that the runtime has started, up to the cgroup that the runtime has made: crun makes one more below it."""
    status = runtime.ask("ContainerStatus", {"containerId": container["id"], "verbose": True})
    with open(f"/proc/{json.loads(status['info']['info'])['pid']}/cgroup", encoding="utf-8") as file:
        path = file.read().strip().split("::/")[1]
    return path if container["id"] in os.path.basename(path) else os.path.dirname(path)


class Difference(list):
    def same(self, what, slugd, other):
        if slugd != other:
            self.append(f"{what}: slugd has {slugd}, not {other}")

    def near(self, what, slugd, other, above=STALE):
        if not other - STALE <= slugd <= other + above:
            self.append(f"{what}: slugd has {slugd} bytes, not {other} or {slugd - other} fewer")


def usage_by_node(usage):
    return {entry.get("numaNode", 0): int(entry.get("bytes", 0)) for entry in usage.get("numaNodes", [])}


def compare_usage(bad, what, usage, path):
    bad.near(f"{what}: memory.current", int(usage.get("bytes", 0)), int(read(path, "memory.current")))
    slugd = usage_by_node(usage)
    for number, number_bytes in numa_bytes(path).items():
        bad.near(f"{what}: NUMA node {number}", slugd.get(number, 0), number_bytes)


def compare_placement(bad, what, usage, memory):
    """What the process was told to touch lies where it was told to."""
    slugd = usage_by_node(usage)
    for part in memory:
        if not re.fullmatch("[0-9]+:[0-9]+", part):
            continue  # it may lie anywhere, or become more
        number, mib = (int(word) for word in part.split(":"))
        bad.near(f"{what}: touched on NUMA node {number}", slugd.get(number, 0), mib * MIB, 2 * MIB)


def compare_container(bad, runtime, pod, listed, container):
    name = container["metadata"]["name"]
    what = f"{pod.name}/{name}"
    bad.same(f"{what}: id", listed.get("id"), container["id"])
    state = STATES.get(container.get("state", "CONTAINER_CREATED"), "UNKNOWN")
    bad.same(f"{what}: state", listed.get("state", "").removeprefix("REPORTED_CONTAINER_STATE_"), state)
    if state != "RUNNING":
        return
    path = container_cgroup(runtime, container)
    bad.same(f"{what}: cgroup", listed.get("cgroup"), path)
    limit = read(path, "memory.max").strip()
    bad.same(f"{what}: limit", listed.get("limitBytes", "max"), limit)
    compare_usage(bad, what, listed.get("usage", {}), path)
    compare_placement(bad, what, listed.get("usage", {}), pod.containers[name][0])


def compare_pod(bad, runtime, pod, listed, path, containers):
    bad.same(f"{pod.name}: name", f"{listed.get('namespace')}/{listed.get('name')}", f"default/{pod.name}")
    bad.same(f"{pod.name}: static", listed.get("isStatic", False), pod.is_static)
    is_running = path is not None and "populated 1" in read(path, "cgroup.events")
    bad.same(f"{pod.name}: runs", listed.get("state") == "POD_STATE_RUNNING", is_running)
    if path is None:
        return
    bad.same(f"{pod.name}: cgroup", listed.get("cgroup"), path)
    qos = listed.get("qosClass", "").removeprefix("QOS_CLASS_").replace("_", "").lower()
    bad.same(f"{pod.name}: QoS class", qos, pod.qos)
    if is_running:
        compare_usage(bad, pod.name, listed.get("usage", {}), path)
    named = {entry["name"]: entry for entry in listed.get("containers", []) if entry.get("name")}
    bad.same(f"{pod.name}: containers", sorted(named), sorted({container["metadata"]["name"] for container in containers}))
    for name, entry in named.items():
        those = [container for container in containers if container["metadata"]["name"] == name]
        if those:
            compare_container(bad, runtime, pod, entry, node.newest(those, pod, name))


def compare(runtime):
    bad = Difference()
    pods = {pod.uid: pod for pod in node.load([])}
    answer = subprocess.run(["slugctl", "--wait", "60", "-o", "json", "pods"], stdout=subprocess.PIPE, check=True).stdout
    listed = {pod["uid"]: pod for pod in json.loads(answer).get("pods", [])}
    paths, sandboxes, containers = kernel_pods(), runtime.sandboxes(), runtime.containers()
    there = set(paths) | {sandbox["metadata"]["uid"] for sandbox in sandboxes}
    bad.same("pods", sorted(listed), sorted(there))
    for uid in there & set(listed) & set(pods):
        pod = pods[uid]
        try:
            compare_pod(bad, runtime, pod, listed[uid], paths.get(uid), node.of_pod(containers, pod))
        except OSError as error:
            bad.append(f"{pod.name}: it was just ending: {error}")
    return bad, len(listed), sum(len(pod.get("containers", [])) for pod in listed.values())


def main():
    runtime, end = node.Runtime(), time.monotonic() + (0 if "--once" in sys.argv else LIMIT)
    bad, n_pods, n_containers = compare(runtime)
    while bad and time.monotonic() < end:
        time.sleep(0.2)
        bad, n_pods, n_containers = compare(runtime)
    for line in bad:
        print(f"bad {line}")
    print(f"{n_pods} pods, {n_containers} cgroups and containers, {len(bad)} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
