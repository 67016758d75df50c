# SPDX-License-Identifier: Apache-2.0
# A real slugd for tests that shell cannot write: many clients at once, kills at any moment, and a disk that does as it is told.
# Results are TAP on standard output, as in tap.sh. What waits, waits for an event; the limits only bound a failure.
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

LIMIT_SEC = 30
GI = 1 << 30
MI = 1 << 20

builddir = os.environ.get("abs_top_builddir", ".")
srcdir = os.environ.get("abs_top_srcdir", ".")

# A test that is told to stop ends as any other, so that what it has started ends, too.
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))


class Tap:
    count = 0

    @classmethod
    def ok(cls, name, good=True, why=""):
        cls.count += 1
        print(f"{'ok' if good else 'not ok'} {cls.count} - {name}", flush=True)
        if not good:
            print("".join(f"# {line}\n" for line in str(why).splitlines()), end="", flush=True)
        return good

    @classmethod
    def equal(cls, got, expected, name):
        return cls.ok(name, got == expected, f"got:      {got}\nexpected: {expected}")

    @classmethod
    def contains(cls, text, part, name):
        return cls.ok(name, part in text, f"there is no '{part}' in:\n{text}")

    @classmethod
    def skip(cls, name, reason):
        cls.count += 1
        print(f"ok {cls.count} - {name} # SKIP {reason}", flush=True)

    @classmethod
    def done(cls):
        print(f"1..{cls.count}", flush=True)


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("slug", timeout=2 * LIMIT_SEC)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Client:
    """One connection, in Connect's JSON. OSError and HTTPException: slugd is gone, and whether the call was done is not known."""

    def __init__(self, path):
        self.connection = Connection(path)

    def call(self, method, **request):
        service = "NodeService" if method == "DescribeNode" else "MemoryManagerService"
        self.connection.request("POST", f"/slug.v1.{service}/{method}", json.dumps(request), {"content-type": "application/json"})
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise Refused(answer["code"], answer.get("message", ""))
        return answer

    def allocate(self, uid, size, **more):
        return self.call("Allocate", pod=make_pod(uid, size), container="c", **more)

    def release(self, uid):
        return self.call("RemoveContainer", podUid=uid).get("released", [])

    def state(self, **filters):
        return self.call("GetState", **filters)

    def close(self):
        self.connection.close()


LOST = (OSError, http.client.HTTPException)


def make_pod(uid, size):
    resources = {"requests": {"memory": str(size), "cpu": "1"}, "limits": {"memory": str(size), "cpu": "1"}}
    return {"uid": uid, "namespace": "default", "name": uid, "containers": [{"name": "c", "resources": resources}]}


def claims_of(state):
    """{uid: bytes} of what GetState lists."""
    return {claim["podUid"]: sum(int(block["sizeBytes"]) for block in claim.get("blocks", [])) for claim in state.get("claims", [])}


def claimed_of(state):
    """The claimed bytes of all NUMA nodes, as slugd counts them."""
    return sum(int(memory.get("claimedBytes", 0)) for node in state["numaNodes"] for memory in node["memory"])


def wait_for(condition, what):
    """Polls what makes no event of its own."""
    for _ in range(LIMIT_SEC * 50):
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise TimeoutError(f"{what} does not come")


class Notify:
    """Where slugd tells that it is ready and alive; a service manager's side of sd_notify()."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(LIMIT_SEC)

    def wait_for(self, word):
        while word not in self.socket.recv(4096).decode().split("\n"):
            pass

    def drain(self):
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.recv(4096)
        except BlockingIOError:
            self.socket.settimeout(LIMIT_SEC)


class Daemon:
    def __init__(self, folder, machine="two-nodes", folder_exists=True):
        self.folder = folder
        self.root = os.path.join(folder, "root")
        self.socket = os.path.join(folder, "slugd.sock")
        self.log_path = os.path.join(folder, "slugd.log")
        self.ledger_folder = os.path.join(self.root, "var/lib/slug")
        self.ledger = os.path.join(self.ledger_folder, "ledger.log")
        self.process = None
        mktree = os.path.join(builddir, "tests/lib/mktree")
        subprocess.run([mktree, os.path.join(srcdir, f"tests/fixtures/machines/{machine}.tree"), self.root], check=True)
        # a captured machine has no boot id of its own, and without one every start is one after a reboot
        self.set_boot("11111111-2222-3333-4444-555555555555")
        if folder_exists:
            os.makedirs(self.ledger_folder)
        self.notify = Notify(os.path.join(folder, "notify.sock"))

    def set_boot(self, boot_id):
        path = os.path.join(self.root, "proc/sys/kernel/random")
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, "boot_id"), "w", encoding="ascii") as file:
            file.write(boot_id + "\n")

    def start(self, **environment):
        """Returns when slugd serves."""
        self.notify.drain()
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [os.path.join(builddir, "slugd"), "--foreground", "--root", self.root, "--socket", self.socket],
                env=dict(os.environ, NOTIFY_SOCKET=self.notify.path, **environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.notify.wait_for("READY=1")
        except TimeoutError as error:
            raise RuntimeError("slugd does not start: " + self.log()) from error

    def end(self, number=signal.SIGTERM):
        if not self.process:
            return None
        self.process.send_signal(number)
        try:
            status = self.process.wait(LIMIT_SEC)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process = None
        return status

    def kill(self):
        return self.end(signal.SIGKILL)

    def client(self):
        return Client(self.socket)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def children(self, name):
        """Processes of that name below slugd: workers are its grandchildren."""
        found, parents = [], {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                    text = file.read()
            except OSError:
                continue
            comm = text[text.index("(") + 1:text.rindex(")")]
            parents[int(pid)] = (comm, int(text[text.rindex(")") + 2:].split()[1]))
        for pid, (comm, parent) in parents.items():
            grandparent = parents.get(parent, ("", 0))[1]
            if comm == name and self.process.pid in (parent, grandparent):
                found.append(pid)
        return found
