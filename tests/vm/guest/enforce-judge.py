# SPDX-License-Identifier: Apache-2.0
"""What came of a load: its log (memload.c), what was where (numawatch.c), and a ceiling.

    enforce-judge.py LOG CSV CEILING-MIB

prints what was local and what was elsewhere second by second, after a line of NAME=VALUE words, of the last growth and what follows it:

    grown      MiB that the load has got
    rate       MiB a second that it has really grown by
    peak       the most that was local, MiB
    over       the most above the ceiling, permille of it; 0: never
    settled    milliseconds from the end of the growth until it stays between 97 and 100 % of the ceiling (and 4 permille, which
               is what the kernel's numbers may be behind); never: "-"
    low, high  permille of the ceiling, over the last second that was seen
    local, elsewhere, swapped   MiB at the end
    first      milliseconds from the crossing of the ceiling to the first byte that was elsewhere; none: "-"
"""

import sys

MIB = 1048576
SLACK = 4  # permille


def read_log(path):
    """{word: [(usec, number)]}"""
    told = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if len(words) == 3:
                told.setdefault(words[0], []).append((int(words[1]), int(words[2])))
    return told


def read_samples(path):
    with open(path, encoding="utf-8") as lines:
        # the last one may not be whole
        return [tuple(int(word) for word in line.split(",")) for line in lines if line.count(",") == 5 and line.endswith("\n")]


def settled_after(samples, end, ceiling):
    """From the end of the samples back: how long after the growth it came into the band to stay."""
    last = None
    for usec, local, *_ in reversed(samples):
        if usec < end or not 970 <= local * 1000 / ceiling <= 1000 + SLACK:
            break
        last = usec
    return "-" if last is None else (last - end) // 1000


def first_move(samples, ceiling):
    crossed = None
    for usec, local, elsewhere, *_ in samples:
        if crossed is None and local > ceiling:
            crossed, before = usec, elsewhere
        if crossed is not None and elsewhere > before:
            return (usec - crossed) // 1000
    return "-"


def over_time(samples, start):
    """LOCAL/ELSEWHERE in MiB, one each second; of the first minute."""
    told = {}
    for usec, local, elsewhere, *_ in samples:
        if usec >= start:
            told.setdefault((usec - start) // 1000000, f"{local // MIB}/{elsewhere // MIB}")
    return " ".join(list(told.values())[:60])


def judge(log, csv, ceiling):
    told, samples = read_log(log), read_samples(csv)
    # one that is held up may never get there
    (start, before), (end, grown) = told["start"][-1], (told.get("grown") or told["at"])[-1]
    seen = [sample for sample in samples if sample[0] >= start]
    peak = max(sample[1] for sample in seen)
    tail = [sample[1] for sample in seen if sample[0] >= seen[-1][0] - 1000000]
    _, local, elsewhere, _, _, swapped = seen[-1]
    return {
        "grown": grown // MIB, "rate": f"{(grown - before) / MIB / ((end - start) / 1000000):.0f}", "peak": f"{peak / MIB:.1f}",
        "over": max(0, -((ceiling - peak) * 1000 // ceiling)), "settled": settled_after(seen, end, ceiling),
        "low": min(tail) * 1000 // ceiling, "high": -(-max(tail) * 1000 // ceiling), "local": local // MIB,
        "elsewhere": elsewhere // MIB, "swapped": swapped // MIB, "first": first_move(seen, ceiling),
    }, over_time(samples, start)


if __name__ == "__main__":
    verdict, series = judge(sys.argv[1], sys.argv[2], int(sys.argv[3]) * MIB)
    print(" ".join(f"{name}={value}" for name, value in verdict.items()))
    print("local/elsewhere MiB, each second:", series)
