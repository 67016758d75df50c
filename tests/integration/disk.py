# SPDX-License-Identifier: Apache-2.0
# What a bad disk does to a slugd that runs. Called by disk.sh with a folder, and with "mounts" where mounting is allowed.
import errno
import os
import select
import signal
import subprocess
import sys
import threading
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from daemon import GI, LIMIT_SEC, LOST, Daemon, Refused, Tap, claimed_of, claims_of, wait_for  # noqa: E402

folder = sys.argv[1]
MAY_MOUNT = "mounts" in sys.argv[2:]
IS_SANITIZED = os.environ.get("TEST_IS_SANITIZED") == "yes"
SHIM = os.path.join(os.environ.get("abs_top_builddir", "."), "tests/lib/bad-disk.so")


def make_daemon(name, **more):
    path = os.path.join(folder, name)
    os.mkdir(path)
    return Daemon(path, **more)


def health(client):
    return client.state()["health"].removeprefix("LEDGER_HEALTH_")


def condition(client, kind):
    for one in client.call("DescribeNode")["conditions"]:
        if one["type"] == kind:
            return one["status"].removeprefix("CONDITION_STATUS_")
    return None


def refusal_of(action):
    try:
        return Refused("none", f"it was answered: {action()}")
    except Refused as error:
        return error


def start_call(action):
    """In a thread; ends in {"answer": ...} or {"error": ...}."""
    result = {}

    def run():
        try:
            result["answer"] = action()
        except (Refused, *LOST) as error:
            result["error"] = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    result["thread"] = thread
    return result


def await_call(result):
    result["thread"].join(LIMIT_SEC)
    return not result["thread"].is_alive()


class BadDisk:
    def __init__(self, path):
        self.path = path
        os.mkdir(path)
        self.hold_path = os.path.join(path, "hold")
        self.environment = {"LD_PRELOAD": SHIM, "BAD_DISK": path}

    def fail(self, error):
        temporary = os.path.join(self.path, "new")
        with open(temporary, "w", encoding="ascii") as file:
            file.write(str(error))
        os.rename(temporary, os.path.join(self.path, "fail"))

    def mend(self):
        os.unlink(os.path.join(self.path, "fail"))

    def hold(self):
        os.mkfifo(self.hold_path)

    def await_held(self):
        """Returns when a worker is in its sync; only that one is held."""
        found = []
        thread = threading.Thread(target=lambda: found.append(os.open(self.hold_path, os.O_WRONLY)), daemon=True)
        thread.start()
        thread.join(LIMIT_SEC)
        if not found:
            raise TimeoutError("no worker comes to sync")
        os.unlink(self.hold_path)
        return found[0]


def recovers(daemon, what):
    """slugd tries again by itself."""
    client = daemon.client()
    wait_for(lambda: health(client) == "DURABLE", "a durable ledger")
    Tap.equal(condition(client, "LedgerDurable"), "TRUE", f"{what}: the condition is good again, without a restart")
    Tap.contains(daemon.log(), "The ledger is written again", f"{what}: recovering is told")


def survives_restart(daemon, expected, what):
    daemon.kill()
    daemon.start()
    Tap.equal(claims_of(daemon.client().state()), expected, f"{what}: after a kill all that was acknowledged is there, and no more")


def check_failing(daemon, what, reason):
    """The disk is bad. b was claimed before and goes, a stays."""
    client = daemon.client()
    refused = refusal_of(lambda: client.allocate("c", GI))
    Tap.equal(refused.code, "unavailable", f"{what}: Allocate is unavailable")
    Tap.contains(refused.message, reason, f"{what}: for the reason of the system")
    Tap.equal([claim["podUid"] for claim in client.release("b")], ["b"], f"{what}: a release succeeds")
    Tap.equal(claims_of(client.state()), {"a": GI}, f"{what}: what was refused is not in the ledger, nor what was released")
    Tap.equal(claimed_of(client.state()), GI, f"{what}: and the sums say so")
    Tap.equal(health(client), "FAILED", f"{what}: GetState says that the ledger is not durable")
    Tap.equal(condition(client, "LedgerDurable"), "FALSE", f"{what}: so does the condition")
    Tap.contains(client.state()["problem"], reason, f"{what}: and names the reason")
    Tap.contains(daemon.log(), "The ledger cannot be written", f"{what}: it is told")
    Tap.equal(refusal_of(lambda: client.allocate("c", GI)).code, "unavailable", f"{what}: Allocate goes on being unavailable")
    existed = refusal_of(lambda: client.allocate("a", GI))
    Tap.ok(f"{what}: a claim that is there is not lost by asking again",
           existed.code in ("none", "unavailable") and "a" in claims_of(client.state()), existed)


def fill(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    # what is left of the last page is of the file that fills


def check_full():
    daemon = make_daemon("full")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", daemon.ledger_folder], check=True)
    try:
        daemon.start()
        client = daemon.client()
        client.allocate("a", GI)
        client.allocate("b", GI)
        fill(os.path.join(daemon.ledger_folder, "other"))
        # the page that the ledger ends in has room yet
        for i in range(100):
            if refusal_of(lambda i=i: client.allocate(f"filler-{i}", GI // 1024)).code != "none":
                break
        for i in range(100):
            client.release(f"filler-{i}")
        check_failing(daemon, "a full disk", os.strerror(errno.ENOSPC))
        os.unlink(os.path.join(daemon.ledger_folder, "other"))
        recovers(daemon, "a full disk")
        client.allocate("c", 2 * GI)
        survives_restart(daemon, {"a": GI, "c": 2 * GI}, "a full disk")
        Tap.equal(sorted(os.listdir(daemon.ledger_folder)), ["ledger.log"], "a full disk: nothing half-made is left")
    finally:
        daemon.kill()
        subprocess.run(["umount", "-l", daemon.ledger_folder], check=True)


def check_readonly():
    daemon = make_daemon("readonly")
    subprocess.run(["mount", "-t", "tmpfs", "none", daemon.ledger_folder], check=True)
    try:
        daemon.start()
        client = daemon.client()
        client.allocate("a", GI)
        client.allocate("b", GI)
        daemon.end()
        subprocess.run(["mount", "-o", "remount,ro", daemon.ledger_folder], check=True)
        daemon.start()
        client = daemon.client()
        Tap.equal(claims_of(client.state()), {"a": GI, "b": GI}, "a read-only disk: what it has is read")
        check_failing(daemon, "a read-only disk", os.strerror(errno.EROFS))
        subprocess.run(["mount", "-o", "remount,rw", daemon.ledger_folder], check=True)
        recovers(daemon, "a read-only disk")
        client.allocate("c", 2 * GI)
        survives_restart(daemon, {"a": GI, "c": 2 * GI}, "a read-only disk")
    finally:
        daemon.kill()
        subprocess.run(["umount", "-l", daemon.ledger_folder], check=True)


def check_error():
    daemon = make_daemon("error")
    disk = BadDisk(os.path.join(folder, "error", "disk"))
    try:
        daemon.start(**disk.environment)
        client = daemon.client()
        client.allocate("a", GI)
        client.allocate("b", GI)
        disk.fail(errno.EIO)
        check_failing(daemon, "a disk that fails", os.strerror(errno.EIO))
        disk.mend()
        recovers(daemon, "a disk that fails")
        client.allocate("c", 2 * GI)
        survives_restart(daemon, {"a": GI, "c": 2 * GI}, "a disk that fails")
    finally:
        daemon.kill()


def check_hang():
    what = "a disk that hangs"
    daemon = make_daemon("hang")
    disk = BadDisk(os.path.join(folder, "hang", "disk"))
    try:
        daemon.start(WATCHDOG_USEC="1000000", **disk.environment)
        client = daemon.client()
        client.allocate("a", GI)
        disk.hold()
        first = start_call(lambda: daemon.client().allocate("b", GI))
        held = disk.await_held()
        second = start_call(lambda: daemon.client().allocate("c", GI))
        third = start_call(lambda: daemon.client().release("a"))
        wait_for(lambda: set(claims_of(client.state())) == {"b", "c"}, "the state with what waits")
        Tap.ok(f"{what}: GetState is answered", True)
        Tap.ok(f"{what}: DescribeNode is answered", "numaNodes" in client.call("DescribeNode"))
        Tap.ok(f"{what}: GetTopologyHints is answered",
               client.call("GetTopologyHints", request={"split": {"local": {"minBytes": str(GI)}}})["resources"])
        daemon.notify.drain()
        daemon.notify.wait_for("WATCHDOG=1")
        daemon.notify.wait_for("WATCHDOG=1")
        Tap.ok(f"{what}: the watchdog is fed", True)
        Tap.ok(f"{what}: nothing is acknowledged meanwhile", all(one["thread"].is_alive() for one in (first, second, third)))
        os.close(held)
        Tap.ok(f"{what}: when it is back, what waited is acknowledged",
               all([await_call(one) and "answer" in one for one in (first, second, third)]), [first, second, third])
        survives_restart(daemon, {"b": GI, "c": GI}, what)
    finally:
        daemon.kill()


def check_killed_worker():
    what = "a worker that is killed in a sync"
    daemon = make_daemon("worker")
    disk = BadDisk(os.path.join(folder, "worker", "disk"))
    try:
        daemon.start(**disk.environment)
        client = daemon.client()
        client.allocate("a", GI)
        disk.hold()
        call = start_call(lambda: daemon.client().allocate("b", GI))
        held = disk.await_held()
        [worker] = daemon.children("slugd-worker0")
        os.kill(worker, signal.SIGKILL)
        Tap.ok(f"{what}: its call ends", await_call(call), call)
        os.close(held)
        Tap.equal(getattr(call.get("error"), "code", None), "unavailable", f"{what}: as unavailable")
        recovers(daemon, what)
        Tap.ok(f"{what}: another one works", client.allocate("c", GI)["claim"])
        Tap.equal(claims_of(client.state()), {"a": GI, "c": GI}, f"{what}: the ledger has what was acknowledged")
        survives_restart(daemon, {"a": GI, "c": GI}, what)
    finally:
        daemon.kill()


def check_orphan():
    """A worker of a slugd that was killed is in the middle of making a new file: it must not come to its end under the next one."""
    what = "a slugd that is killed while its worker hangs"
    daemon = make_daemon("orphan")
    disk = BadDisk(os.path.join(folder, "orphan", "disk"))
    try:
        daemon.start()
        daemon.client().allocate("a", GI)
        daemon.end()
        # of another boot: the file is made new at the start
        daemon.set_boot("99999999-2222-3333-4444-555555555555")
        disk.hold()
        daemon.start(**disk.environment)
        held = disk.await_held()
        [worker] = daemon.children("slugd-worker0")
        ends = os.pidfd_open(worker)
        daemon.kill()
        daemon.start()
        client = daemon.client()
        client.allocate("b", GI)
        Tap.ok(f"{what}: the worker goes, too", select.select([ends], [], [], 5)[0])
        os.close(ends)
        os.close(held)
        client.allocate("c", GI)
        survives_restart(daemon, {"a": GI, "b": GI, "c": GI}, what)
    finally:
        daemon.kill()


def check_removed():
    what = "a ledger that is removed under a slugd that runs"
    daemon = make_daemon("removed")
    try:
        daemon.start()
        client = daemon.client()
        client.allocate("a", GI)
        os.unlink(daemon.ledger)
        # the first to come may be refused, since its line went where nobody reads it; then all of it is written anew
        if refusal_of(lambda: client.allocate("b", GI)).code != "none":
            recovers(daemon, what)
            client.allocate("b", GI)
        survives_restart(daemon, {"a": GI, "b": GI}, what)
    finally:
        daemon.kill()


for check, may, reason in (
        (check_full, MAY_MOUNT, "mounting is not allowed here"),
        (check_readonly, MAY_MOUNT, "mounting is not allowed here"),
        (check_removed, True, ""),
        (check_error, not IS_SANITIZED, "sanitizers want to be loaded first"),
        (check_hang, not IS_SANITIZED, "sanitizers want to be loaded first"),
        (check_killed_worker, not IS_SANITIZED, "sanitizers want to be loaded first"),
        (check_orphan, not IS_SANITIZED, "sanitizers want to be loaded first")):
    if may:
        try:
            check()
        except Exception as error:  # the others are to be seen, too
            Tap.ok(f"{check.__name__} comes to its end", False, f"{error}\n{traceback.format_exc()}")
    else:
        Tap.skip(check.__name__, reason)
Tap.done()
