# SPDX-License-Identifier: Apache-2.0
# Clients that keep books of what slugd has acknowledged, and a slugd that is killed right after it has: what was acknowledged is
# there at the next start, what was given back is gone, and what was under way is either. Called by kills.sh with a folder.
import os
import random
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from daemon import LOST, MI, Daemon, Tap, claimed_of, claims_of  # noqa: E402

folder = sys.argv[1]
IS_SANITIZED = os.environ.get("TEST_IS_SANITIZED") == "yes"
SEED = int(os.environ.get("TEST_SEED", random.randrange(1 << 32)))
print(f"# TEST_SEED={SEED}", flush=True)


def kill_in_compaction(daemon, caught):
    """As soon as there is a file that is being made. Ends with slugd."""
    process = daemon.process
    while process.poll() is None:
        if any(name.endswith(".tmp") for name in os.listdir(daemon.ledger_folder)):
            process.kill()
            caught.append(True)
            return


class Book:
    """One client's: {uid: {what it may be}}, each an amount of bytes or None for no claim. More than one: nobody was told."""

    def __init__(self, name, uids=6):
        self.random = random.Random(f"{SEED} {name}")
        self.entries = {f"{name}-{i}": {None} for i in range(uids)}

    def step(self, client):
        uid = self.random.choice(list(self.entries))
        [held] = self.entries[uid]
        size = self.random.randrange(1, 64 * MI)
        if held is None:
            self.entries[uid] = {None, size}
            client.allocate(uid, size)
            self.entries[uid] = {size}
        elif self.random.randrange(4) == 0:
            if not client.allocate(uid, size).get("existed"):
                raise AssertionError(f"{uid} has {held} bytes and was allocated again")
        else:
            self.entries[uid] = {None, held}
            client.release(uid)
            self.entries[uid] = {None}

    def compare(self, claims):
        """What contradicts slugd; from then on its word is taken."""
        wrong = [f"{uid}: {claims.get(uid)}, not {may}" for uid, may in self.entries.items() if claims.get(uid) not in may]
        self.entries = {uid: {claims.get(uid)} for uid in self.entries}
        return wrong

    def sum(self):
        return sum(held or 0 for [held] in self.entries.values())


def run_clients(daemon, books, steps, each=lambda: None, surprise=None):
    """All at once, each with a connection of its own, until they have done their steps or slugd is gone."""
    surprises = []

    def run(book):
        client = daemon.client()
        try:
            for _ in range(steps):
                book.step(client)
                each()
        except LOST as error:
            if surprise:
                surprises.append(error)
        except Exception as error:
            surprises.append(error)
        finally:
            client.close()

    threads = [threading.Thread(target=run, args=(book,), daemon=True) for book in books]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return surprises


class Killer:
    """Kills slugd right after so many acknowledgements."""

    def __init__(self, daemon, after):
        self.process, self.left, self.lock = daemon.process, after, threading.Lock()

    def __call__(self):
        with self.lock:
            self.left -= 1
            if self.left == 0:
                self.process.kill()


def check_kills():
    path = os.path.join(folder, "kills")
    os.mkdir(path)
    daemon = Daemon(path)
    chance = random.Random(SEED)
    books = [Book(f"client{i}") for i in range(4)]
    rounds = 40 if IS_SANITIZED else 200
    wrong, surprises, started = [], [], 0
    try:
        for _ in range(rounds):
            daemon.start()
            started += 1
            state = daemon.client().state()
            claims = claims_of(state)
            for book in books:
                wrong += book.compare(claims)
            if claimed_of(state) != sum(book.sum() for book in books):
                wrong.append(f"the sum is {claimed_of(state)}")
            if "WARNING" in daemon.log() or "keeping what came before" in daemon.log() and "not complete" not in daemon.log():
                wrong.append(daemon.log())
            surprises += run_clients(daemon, books, 1000, Killer(daemon, chance.randrange(1, 20)))
            daemon.end()
            if wrong or surprises:
                break
    finally:
        daemon.kill()
    Tap.equal(started, rounds, "kills: it starts after each of them")
    Tap.equal(wrong, [], "kills: all that was acknowledged is there, all that was given back is gone")
    Tap.equal(surprises, [], "kills: clients see nothing but that slugd is gone")
    Tap.equal([name for name in os.listdir(daemon.ledger_folder) if "damaged" in name], [], "kills: they damage nothing")


class Bulk:
    """A pod with very many containers, which comes and goes as one change each: a file grows large fast."""

    CONTAINERS = 400

    def __init__(self, template):
        self.claims = [dict(template, podUid="bulk", container=f"c{i}") for i in range(self.CONTAINERS)]
        self.entries = {0}

    def step(self, client):
        [held] = self.entries
        self.entries = {0, self.CONTAINERS}
        if held:
            client.release("bulk")
            self.entries = {0}
        else:
            client.call("ImportClaims", claims=self.claims)
            self.entries = {self.CONTAINERS}

    def compare(self, state):
        held = sum(claim["podUid"] == "bulk" for claim in state.get("claims", []))
        wrong = [] if held in self.entries else [f"bulk: {held}, not {self.entries}"]
        self.entries = {held}
        return wrong


def check_compaction():
    path = os.path.join(folder, "compaction")
    os.mkdir(path)
    daemon = Daemon(path)
    chance = random.Random(SEED + 1)
    rounds = 6 if IS_SANITIZED else 25
    wrong, surprises, files, caught, largest = [], [], set(), [], 0
    try:
        daemon.start()
        template = daemon.client().allocate("template", MI)["claim"]
        daemon.client().release("template")
        bulk, book = Bulk(template), Book("small")

        def look():
            nonlocal largest
            try:
                status = os.stat(daemon.ledger)
                files.add(status.st_ino)
                largest = max(largest, status.st_size)
            except FileNotFoundError:
                surprises.append("there is no ledger for a moment")

        for i in range(rounds):
            wrong += [name for name in os.listdir(daemon.ledger_folder) if name != "ledger.log"]
            killer = Killer(daemon, chance.randrange(20, 60) if i % 2 else 1000)
            hunter = threading.Thread(target=kill_in_compaction, args=(daemon, caught), daemon=True)

            def each(killer=killer):
                look()
                killer()

            if i % 2 == 0:
                hunter.start()
            surprises += run_clients(daemon, [bulk, book], 1000, each)
            daemon.end()
            if i % 2 == 0:
                hunter.join()
            daemon.start()
            state = daemon.client().state()
            wrong += bulk.compare(state) + book.compare(claims_of(state))
            if wrong or surprises:
                break
    finally:
        daemon.kill()
    Tap.equal(wrong, [], "compaction: kills lose nothing")
    Tap.equal(surprises, [], "compaction: clients see nothing but that slugd is gone")
    Tap.ok(f"compaction: the file was made new ({len(files)} files, {largest} bytes the largest)", len(files) > 1)
    Tap.ok("compaction: when it had grown as far as it may", MI // 2 < largest < 2 * MI, largest)
    Tap.ok(f"compaction: in the middle of which it was killed ({len(caught)} times)", IS_SANITIZED or caught)
    Tap.equal([name for name in os.listdir(daemon.ledger_folder) if "damaged" in name], [], "compaction: nothing is damaged")


def check_crowd():
    path = os.path.join(folder, "crowd")
    os.mkdir(path)
    daemon = Daemon(path)
    books = [Book(f"client{i}", uids=4) for i in range(64)]
    try:
        daemon.start()
        for when in ("in the middle", "at the end"):
            surprises = run_clients(daemon, books, 4 if IS_SANITIZED else 16, surprise=True)
            Tap.equal(surprises, [], f"64 clients at once: nobody is surprised {when}")
            compare_with_all(daemon, books, when)
        Tap.equal(daemon.end(), 0, "64 clients at once: slugd is well")
        daemon.start()
        compare_with_all(daemon, books, "after a restart")
    finally:
        daemon.kill()


def compare_with_all(daemon, books, when):
    state = daemon.client().state()
    Tap.equal(claimed_of(state), sum(book.sum() for book in books), f"64 clients at once: the sum of their books is slugd's {when}")
    Tap.equal([wrong for book in books for wrong in book.compare(claims_of(state))], [], f"64 clients at once: and so is each claim {when}")
    rows = [memory for node in state["numaNodes"] for memory in node["memory"]]
    Tap.ok(f"64 clients at once: what is free and what is claimed are what is allocatable {when}",
           all(int(row.get("freeBytes", 0)) + int(row.get("claimedBytes", 0)) == int(row.get("allocatableBytes", 0)) for row in rows), rows)


check_crowd()
check_compaction()
check_kills()
Tap.done()
