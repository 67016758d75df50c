# SPDX-License-Identifier: Apache-2.0
"""Of the pods that slugctl lists, as JSON on standard input: the containers that have what they asked for.

    nri-given.py BYTES

A line "POD CONTAINER" for each whose claim is active and of so many bytes local and as many remote, and whose cpuset.mems has the
claim's NUMA nodes and no others.
"""

import json
import sys

CGROUPS = "/sys/fs/cgroup"


def numa_nodes(text):
    found = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        if first:
            found |= set(range(int(first), int(last or first) + 1))
    return found


def mask(cgroup):
    try:
        with open(f"{CGROUPS}/{cgroup}/cpuset.mems", encoding="utf-8") as file:
            return numa_nodes(file.read())
    except OSError:
        return None


def is_promised(claim, size):
    local, remote = (claim.get("split", {}).get(locality, {}) for locality in ("local", "remote"))
    bounds = [local.get("minBytes"), local.get("maxBytes"), remote.get("minBytes")]
    return claim["state"] == "CLAIM_STATE_ACTIVE" and bounds == [size] * 3


def has_mask(container, claim):
    return mask(container.get("cgroup")) == set().union(*(numa_nodes(block["numaNodes"]) for block in claim["blocks"]))


def main():
    for pod in json.load(sys.stdin).get("pods", []):
        claims = {claim.get("container"): claim for claim in pod.get("claims", []) if is_promised(claim, sys.argv[1])}
        for container in pod.get("containers", []):
            name = container.get("name", "")  # the sandbox has none
            if name in claims and has_mask(container, claims[name]):
                print(pod["name"], name)


if __name__ == "__main__":
    main()
