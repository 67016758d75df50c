# SPDX-License-Identifier: Apache-2.0
"""Stands in for a kubelet before the container runtime: makes pods and ends them, with the cgroups that they live in.

    node.py prepare DRIVER         the cgroups above all pods; DRIVER is systemd or cgroupfs, and is remembered
    node.py run                    the pods of a list on standard input; returns when their memory is touched
    node.py again [POD...]         pods that were run before, with the same uid, after their sandboxes have ended; all of them
    node.py restart POD CONTAINER  the container is killed, and its next attempt started
    node.py resize POD CONTAINER MIB
    node.py kill POD...            their processes end, what the runtime knows of them stays
    node.py remove POD...          nothing of them stays
    node.py uid POD...
    node.py cgroup POD...          below the cgroup root, each on a line
    node.py signal NAME POD CONTAINER  to its process: USR1, USR2; see memhog.c

A list has a pod a line: "NAME QOS SOURCE RUNTIME CONTAINER...". QOS is guaranteed, burstable or besteffort; SOURCE is api
or file, the second for static pods; RUNTIME is runc or crun; a container is "NAME[=MEMORY[,MEMORY...]][>=REQUEST-MIB]
[<=LIMIT-MIB][@SPLIT]" (in one word), MEMORY is as memhog.c has it, SPLIT what an annotation of the pod asks for. With
POD_PADDING=KIB in the environment each pod has an annotation of that size, too.

Where there is a folder KUBELET, it is for a double of the kubelet's pod-resources server; which pods there are is written to
it, and what they ask for to the file that the kubelet keeps of that.
"""

import hashlib
import json
import os
import re
import signal as signals
import subprocess
import sys
import threading
import time

SOCKET = "/run/containerd/containerd.sock"
CLIENT = "/usr/libexec/slug-test/cri"
STATE = "/var/lib/slug-test/pods"  # outlives a reboot, as what the API server knows does
CGROUPS = "/sys/fs/cgroup"
KUBELET = "/var/lib/slug-test/kubelet"
ALLOCATIONS = "/var/lib/kubelet/allocated_pods_state"
OOM_SCORES = {"guaranteed": -997, "burstable": 900, "besteffort": 1000}
PADDING = int(os.environ.get("POD_PADDING", "0")) * 1024
WORKERS = 4
READY_LIMIT = 120  # seconds


class Runtime:
    """One connection."""

    def __init__(self):
        self.process = subprocess.Popen([CLIENT, SOCKET], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, method, request=None):
        self.process.stdin.write(f"{method} {json.dumps(request or {})}\n")
        self.process.stdin.flush()
        word, _, rest = self.process.stdout.readline().rstrip("\n").partition(" ")
        if word != "ok":
            raise RuntimeError(f"{method}: {rest or 'the client has ended'}")
        return json.loads(rest)

    def sandboxes(self):
        return self.ask("ListPodSandbox").get("items", [])

    def containers(self):
        return self.ask("ListContainers").get("containers", [])


class Pod:
    def __init__(self, line):
        self.line = line
        self.name, self.qos, source, self.runtime, *containers = line.split()
        self.is_static = source == "file"
        digest = hashlib.md5(self.name.encode()).hexdigest()
        self.uid = digest if self.is_static else "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))
        self.containers = dict(self._read(text) for text in containers)
        self.splits = dict(re.split("[=><@]", text)[0:1] + [text.partition("@")[2]] for text in containers if "@" in text)

    @staticmethod
    def _read(text):
        match = re.fullmatch(r"([a-z0-9-]+)(?:=([0-9:,x+]+))?(?:>=([0-9]+))?(?:<=([0-9]+))?(?:@.+)?", text)
        if not match:
            raise ValueError(f"'{text}' is no container")
        memory = match.group(2).split(",") if match.group(2) else []
        # as the API server completes them: a limit without a request is both
        request, limit = int(match.group(3) or match.group(4) or 0), int(match.group(4) or 0)
        return match.group(1), (memory, request * 1048576, limit * 1048576)

    def labels(self):
        return {"io.kubernetes.pod.name": self.name, "io.kubernetes.pod.namespace": "default",
                "io.kubernetes.pod.uid": self.uid}

    def log_directory(self):
        return f"/var/log/pods/default_{self.name}_{self.uid}"

    def cgroup(self, driver):
        """As the kubelet tells it to the runtime."""
        above = "" if self.qos == "guaranteed" else self.qos
        if driver == "systemd":
            return "-".join(filter(None, ("kubepods", above, "pod" + self.uid.replace("-", "_")))) + ".slice"
        return "/".join(filter(None, ("/kubepods", above, "pod" + self.uid)))

    def limit(self):
        """Of the pod: the kubelet sets one when every container has one."""
        limits = [limit for _, _, limit in self.containers.values()]
        return sum(limits) if limits and all(limits) else 0

    def resources(self, name):
        """As the kubelet keeps them; what is 0 is not written."""
        _, request, limit = self.containers[name]
        return {key: {"memory": str(amount)} for key, amount in (("requests", request), ("limits", limit)) if amount}

    def sandbox(self, driver, attempt):
        annotations = {"kubernetes.io/config.seen": "2026-01-01T00:00:00Z",
                       "kubernetes.io/config.source": "file" if self.is_static else "api"}
        if self.is_static:
            annotations["kubernetes.io/config.hash"] = self.uid
        for name, split in self.splits.items():
            annotations[f"memory.sluglab.io/container.{name}"] = split
        if PADDING:
            annotations["slug.test/padding"] = "x" * PADDING
        return {
            "metadata": {"name": self.name, "uid": self.uid, "namespace": "default", "attempt": attempt},
            "logDirectory": self.log_directory(), "labels": self.labels(), "annotations": annotations,
            # the network of the node: nothing has to be set up for it
            "linux": {"cgroupParent": self.cgroup(driver), "securityContext": {"namespaceOptions": {"network": "NODE"}}},
        }

    def container(self, name, attempt):
        memory, _, limit = self.containers[name]
        return {
            "metadata": {"name": name, "attempt": attempt}, "image": {"image": "slug.test/memhog:1"}, "args": memory,
            "labels": {**self.labels(), "io.kubernetes.container.name": name},
            "annotations": {"io.kubernetes.container.restartCount": str(attempt)}, "logPath": f"{name}/{attempt}.log",
            "linux": {"resources": {"memoryLimitInBytes": str(limit), "oomScoreAdj": str(OOM_SCORES[self.qos])},
                      "securityContext": {"namespaceOptions": {"network": "NODE"}}},
        }


def driver():
    with open(f"{STATE}/../driver", encoding="utf-8") as file:
        return file.read().strip()


def load(names):
    pods = []
    for name in names or sorted(os.listdir(STATE)):
        with open(f"{STATE}/{name}", encoding="utf-8") as file:
            pods.append(Pod(file.read()))
    return pods


def write(path, document):
    """All of it at once."""
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump(document, file)
    os.rename(f"{path}.new", path)


def tell_kubelet():
    """What a kubelet knows of the pods that are there."""
    if not os.path.isdir(KUBELET):
        return
    pods = load([])
    entries = {pod.uid: {"ContainerResources": {name: pod.resources(name) for name in pod.containers},
                         "PodLevelResources": None} for pod in pods}
    write(ALLOCATIONS, {"data": json.dumps({"entries": entries}), "checksum": 0})
    write(f"{KUBELET}/list.json", {"podResources": [{"name": pod.name, "namespace": "default",
                                                     "containers": [{"name": name} for name in pod.containers]}
                                                    for pod in pods]})


def next_attempt(things):
    return max((thing["metadata"].get("attempt", 0) + 1 for thing in things), default=0)


def of_pod(things, pod):
    return [thing for thing in things if thing["labels"].get("io.kubernetes.pod.uid") == pod.uid]


def make_cgroups(pods):
    """What the kubelet does before it asks the runtime; the pods' own limits with it."""
    if driver() == "systemd":
        subprocess.run(["systemctl", "start", *(pod.cgroup("systemd") for pod in pods)], check=True)
        for pod in pods:
            if pod.limit():
                limit = f"MemoryMax={pod.limit()}"
                subprocess.run(["systemctl", "set-property", "--runtime", pod.cgroup("systemd"), limit], check=True)
        return
    for pod in pods:
        folder = CGROUPS + pod.cgroup("cgroupfs")
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/memory.max", "w", encoding="utf-8") as file:
            file.write(str(pod.limit() or "max"))


def remove_cgroups(pods):
    if not pods:
        return
    if driver() == "systemd":
        subprocess.run(["systemctl", "stop", *(pod.cgroup("systemd") for pod in pods)], check=True)
    else:
        for pod in pods:
            # what the runtime has left, and the pod's own
            for folder, _, _ in os.walk(CGROUPS + pod.cgroup("cgroupfs"), topdown=False):
                os.rmdir(folder)


def start_container(runtime, pod, sandbox_id, sandbox, name, attempt):
    request = {"podSandboxId": sandbox_id, "config": pod.container(name, attempt), "sandboxConfig": sandbox}
    container = runtime.ask("CreateContainer", request)["containerId"]
    runtime.ask("StartContainer", {"containerId": container})
    log, end = f"{pod.log_directory()}/{name}/{attempt}.log", time.monotonic() + READY_LIMIT
    while True:
        with open(log, encoding="utf-8") as file:
            text = file.read()
        if " ready\n" in text:
            return
        if time.monotonic() > end:
            raise RuntimeError(f"{pod.name}/{name} is not ready: {text}")
        time.sleep(0.05)


def start_pod(runtime, pod, sandboxes, containers):
    os.makedirs(pod.log_directory(), exist_ok=True)
    sandbox = pod.sandbox(driver(), next_attempt(of_pod(sandboxes, pod)))
    sandbox_id = runtime.ask("RunPodSandbox", {"config": sandbox, "runtimeHandler": pod.runtime})["podSandboxId"]
    for name in pod.containers:
        before = [container for container in of_pod(containers, pod) if container["metadata"]["name"] == name]
        start_container(runtime, pod, sandbox_id, sandbox, name, next_attempt(before))


def at_once(pods, action):
    """As many as there are workers, each with a connection; the first failure is everybody's."""
    waiting, failures = list(reversed(pods)), []

    def work():
        runtime = Runtime()
        while waiting and not failures:
            pod = waiting.pop()
            try:
                action(runtime, pod)
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                failures.append(f"{pod.name}: {error}")

    threads = [threading.Thread(target=work) for _ in range(min(WORKERS, len(pods)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        sys.exit(f"node.py: {failures[0]}")


def start(pods):
    tell_kubelet()
    runtime = Runtime()
    sandboxes, containers = runtime.sandboxes(), runtime.containers()
    make_cgroups(pods)
    at_once(pods, lambda runtime, pod: start_pod(runtime, pod, sandboxes, containers))


def prepare(name):
    os.makedirs(STATE, exist_ok=True)
    with open(f"{STATE}/../driver", "w", encoding="utf-8") as file:
        file.write(name)
    if name == "systemd":
        subprocess.run(["systemctl", "start", "kubepods-burstable.slice", "kubepods-besteffort.slice"], check=True)
        return
    for folder in ("/kubepods", "/kubepods/burstable", "/kubepods/besteffort"):
        os.makedirs(CGROUPS + folder, exist_ok=True)
    for folder in ("", "/kubepods", "/kubepods/burstable", "/kubepods/besteffort"):
        with open(f"{CGROUPS}{folder}/cgroup.subtree_control", "w", encoding="utf-8") as file:
            file.write("+cpuset +cpu +memory +pids")


def run():
    pods = [Pod(line.strip()) for line in sys.stdin if line.strip()]
    for pod in pods:
        with open(f"{STATE}/{pod.name}", "w", encoding="utf-8") as file:
            file.write(pod.line)
    start(pods)


def again(*names):
    start(load(names))


def newest(things, pod, name):
    those = [thing for thing in of_pod(things, pod) if thing["metadata"]["name"] == name]
    return max(those, key=lambda thing: thing["metadata"].get("attempt", 0))


def restart(pod_name, name):
    runtime, pod = Runtime(), load([pod_name])[0]
    old, box = newest(runtime.containers(), pod, name), newest(runtime.sandboxes(), pod, pod.name)
    runtime.ask("StopContainer", {"containerId": old["id"]})
    sandbox = pod.sandbox(driver(), box["metadata"].get("attempt", 0))
    start_container(runtime, pod, box["id"], sandbox, name, next_attempt([old]))


def resize(pod_name, name, mib):
    runtime, pod = Runtime(), load([pod_name])[0]
    container = newest(runtime.containers(), pod, name)
    runtime.ask("UpdateContainerResources",
                {"containerId": container["id"], "linux": {"memoryLimitInBytes": str(int(mib) * 1048576)}})


def kill(*names):
    sandboxes = Runtime().sandboxes()

    def end(runtime, pod):
        for sandbox in of_pod(sandboxes, pod):
            runtime.ask("StopPodSandbox", {"podSandboxId": sandbox["id"]})

    at_once(load(names), end)


def remove(*names):
    pods, sandboxes = load(names) if names else [], Runtime().sandboxes()

    def end(runtime, pod):
        for sandbox in of_pod(sandboxes, pod):
            runtime.ask("StopPodSandbox", {"podSandboxId": sandbox["id"]})
            runtime.ask("RemovePodSandbox", {"podSandboxId": sandbox["id"]})

    at_once(pods, end)
    remove_cgroups(pods)
    for pod in pods:
        os.unlink(f"{STATE}/{pod.name}")
    tell_kubelet()


def uid(*names):
    for pod in load(names):
        print(pod.uid)


def cgroup(*names):
    for pod in load(names):
        # with systemd: each dash of a slice's name is a level
        parts = pod.cgroup(driver()).strip("/").removesuffix(".slice").split("-")
        levels = ["-".join(parts[:n]) + ".slice" for n in range(1, len(parts) + 1)]
        print("/".join(levels) if driver() == "systemd" else pod.cgroup("cgroupfs").strip("/"))


def signal(name, pod_name, container_name):
    runtime, pod = Runtime(), load([pod_name])[0]
    container = newest(runtime.containers(), pod, container_name)
    status = runtime.ask("ContainerStatus", {"containerId": container["id"], "verbose": True})
    os.kill(json.loads(status["info"]["info"])["pid"], signals.Signals[f"SIG{name}"])


if __name__ == "__main__":
    actions = {action.__name__: action for action in
               (prepare, run, again, restart, resize, kill, remove, uid, cgroup, signal)}
    actions[sys.argv[1]](*sys.argv[2:])
