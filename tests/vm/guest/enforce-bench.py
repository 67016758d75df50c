# SPDX-License-Identifier: Apache-2.0
"""How fast memory of a load was moved, and how soon: from what was where (numawatch.c), and a load's log (memload.c).

    enforce-bench.py moved CSV LEFT-MIB

from the last sample before the first that is elsewhere to the first with so much local memory or less: NAME=VALUE words

    first      microseconds, monotonic, when that last sample was
    moved      MiB that local memory became less by
    msec       in so long
    rate       MiB a second; "-": it did not come so far

    enforce-bench.py crossings LOG CSV CEILING-MIB SKIP

of each of its growths but for the first SKIP: when the ceiling was crossed, and when the first byte of that growth was elsewhere

    growths    how many there were
    acted      how many of them had something moved
    above      how many of them crossed the ceiling
    p50, max   milliseconds from the crossing to the first byte, of those that did both; below 0: it was there before
    peak       the most that was above the ceiling, MiB
"""

import sys

MIB = 1048576


def read_samples(path):
    """(usec, local, elsewhere)"""
    with open(path, encoding="utf-8") as lines:
        # the last one may not be whole
        return [tuple(int(word) for word in line.split(",")[:3]) for line in lines if line.count(",") == 5 and line.endswith("\n")]


def read_starts(path):
    with open(path, encoding="utf-8") as lines:
        return [int(line.split()[1]) for line in lines if line.startswith("start ")]


def find(samples, is_it):
    return next((i for i, sample in enumerate(samples) if is_it(sample)), None)


def tell_moved(samples, left):
    begin = find(samples, lambda sample: sample[2] > samples[0][2] + MIB)
    end = find(samples, lambda sample: begin and sample[0] > samples[begin][0] and sample[1] <= left)
    if end is None:
        return {"first": "-", "moved": "-", "msec": "-", "rate": "-"}
    usec, local, _ = samples[begin - 1]
    took, moved = samples[end][0] - usec, (local - samples[end][1]) / MIB
    return {"first": usec, "moved": f"{moved:.1f}", "msec": took // 1000, "rate": f"{moved * 1000000 / took:.1f}"}


def tell_crossings(starts, samples, ceiling):
    delays, acted, above, peak = [], 0, 0, 0
    for start, end in zip(starts, starts[1:] + [float("inf")]):
        seen = [sample for sample in samples if start <= sample[0] < end]
        if not seen:
            continue
        first = find(seen, lambda sample, before=seen[0][2]: sample[2] > before)
        crossed = find(seen, lambda sample: sample[1] > ceiling)
        acted += first is not None
        above += crossed is not None
        peak = max(peak, max(sample[1] for sample in seen) - ceiling)
        if first is not None and crossed is not None:
            delays.append((seen[first][0] - seen[crossed][0]) / 1000)
    delays.sort()
    return {
        "growths": len(starts), "acted": acted, "above": above,
        "p50": f"{(delays[(len(delays) - 1) // 2] + delays[len(delays) // 2]) / 2:.0f}" if delays else "-",
        "max": f"{delays[-1]:.0f}" if delays else "-", "peak": f"{peak / MIB:.1f}",
    }


def main():
    if sys.argv[1] == "moved":
        told = tell_moved(read_samples(sys.argv[2]), int(sys.argv[3]) * MIB)
    else:
        told = tell_crossings(read_starts(sys.argv[2])[int(sys.argv[5]):], read_samples(sys.argv[3]), int(sys.argv[4]) * MIB)
    print(" ".join(f"{name}={value}" for name, value in told.items()))


if __name__ == "__main__":
    main()
