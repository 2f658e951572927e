"""The simulated account, the toll before it where calls are counted and delayed, and AWS's request quotas."""

import atexit
import json
import re
import socket
import socketserver
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

# Calls at once, calls a second after that, and what draws from it, as in src/schedule/bucket.rs.
QUOTAS = {
    "cluster read": (50, 20, ("ListClusters", "DescribeClusters")),
    "service read": (100, 20, ("ListServices", "DescribeServices")),
    "task and instance read": (100, 20, ("ListTasks", "DescribeTasks", "ListContainerInstances", "DescribeContainerInstances")),
    "task definition read": (50, 20, ("ListTaskDefinitionFamilies", "ListTaskDefinitions", "DescribeTaskDefinition")),
    "metric read": (50, 50, ("GetMetricData",)),
    "image read": (40, 20, ("DescribeRepositories", "DescribeImages", "BatchGetImage")),
    "scaling read": (20, 10, ("DescribeScalableTargets", "DescribeScalingPolicies")),
}
UNPUBLISHED = ("GetCallerIdentity",)
# What the program takes of them unless told otherwise, and what of that the background leaves alone.
BURST_SHARE, REFILL_SHARE, RESERVE = 0.5, 0.25, 0.25


class Sandbox:
    """The simulated account as a process of its own."""

    program = ""

    def __init__(self, *arguments):
        command = [self.program, "sandbox", "--listen", "127.0.0.1:0", *map(str, arguments)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        atexit.register(self.end)
        self.variables = {}
        for line in self.process.stdout:
            if line.startswith("#"):
                self.engines = line.split(": ", 1)[1].strip()
                continue
            name, value = line.strip().removeprefix("export ").split("=", 1)
            self.variables[name] = value
            if name == "AWS_EC2_METADATA_DISABLED":
                break

    def call(self, operation, **inputs):
        headers = {"X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        request = urllib.request.Request(self.variables["AWS_ENDPOINT_URL"], json.dumps(inputs).encode(), headers)
        return json.load(urllib.request.urlopen(request))

    def tasks(self):
        """How many tasks run or are about to. Services that fail have none, so it is less than was asked for."""
        clusters = self.call("DescribeClusters", clusters=self.call("ListClusters")["clusterArns"])["clusters"]
        return sum(one["runningTasksCount"] + one["pendingTasksCount"] for one in clusters)

    def end(self):
        # It clears away the sockets of its engines.
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Call:
    """A call that was answered."""

    operation: str
    body: bytes
    begun: float
    ended: float


class Toll(socketserver.ThreadingTCPServer):
    """Stands between the program and the account: each call takes so many seconds more, and is noted."""

    daemon_threads = True

    def __init__(self, sandbox, latency=0.0):
        url = urlsplit(sandbox.variables["AWS_ENDPOINT_URL"])
        self.upstream, self.latency, self.calls = (url.hostname, url.port), latency, []
        super().__init__(("127.0.0.1", 0), TollConnection)
        self.variables = {**sandbox.variables, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server_address[1]}"}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def end(self):
        self.shutdown()
        self.server_close()


class TollConnection(socketserver.StreamRequestHandler):
    """A connection of the program, with one to the account behind it."""

    def handle(self):
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with socket.create_connection(self.server.upstream) as upstream, upstream.makefile("rb") as answers:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while self.pass_on(upstream, answers):
                    pass
            except OSError:
                # One side went.
                pass

    def pass_on(self, upstream, answers):
        head, body = message(self.rfile)
        if not head:
            return False
        begun = time.monotonic()
        time.sleep(self.server.latency / 2)
        upstream.sendall(head + body)
        answer = b"".join(message(answers))
        time.sleep(self.server.latency / 2)
        self.server.calls.append(Call(operation(head, body), body, begun, time.monotonic()))
        self.wfile.write(answer)
        return True


def message(stream):
    """Head and body of a request or of an answer."""
    head = b""
    while (line := stream.readline()).strip():
        head += line
    if not head:
        return b"", b""
    length = re.search(rb"(?im)^content-length: *(\d+)", head)
    return head + line, stream.read(int(length[1])) if length else b""


def operation(head, body):
    """The operation that a request is for, in each of the protocols that are spoken."""
    target = re.search(rb"(?im)^x-amz-target: *\S*\.(\w+)", head) or re.search(rb"/operation/(\w+)", head) or re.search(rb"Action=(\w+)", body)
    return target[1].decode() if target else head.split(b"\r\n")[0].decode()


def first_looks(calls):
    """The calls without those that ask again for what was asked before, as refreshing does.

    A list that is begun once more makes all that follows of its kind and cluster a repetition.
    """
    begun, again, first = set(), set(), []
    for call in sorted(calls, key=lambda call: call.begun):
        try:
            asked = json.loads(call.body or b"{}")
        except ValueError:
            asked = {}
        kind = (re.sub("^(List|Describe)", "", call.operation), asked.get("cluster"))
        beginning = (call.operation, call.body)
        is_list = call.operation.startswith("List") and "nextToken" not in asked
        if (is_list or not call.operation.startswith("List")) and beginning in begun:
            again.add(kind if is_list else beginning)
        begun.add(beginning)
        if kind not in again and beginning not in again:
            first.append(call)
    return first


def by_quota(calls):
    """How many calls drew from each quota."""
    groups = {operation: name for name, (_, _, operations) in QUOTAS.items() for operation in operations}
    return Counter(groups.get(call.operation, call.operation) for call in calls if call.operation not in UNPUBLISHED)


def seconds_allowed(calls):
    """The least seconds in which the default budget lets so many calls of each quota go that nobody waits for."""
    allowed = {}
    for name, count in by_quota(calls).items():
        if name not in QUOTAS:
            raise SystemExit(f"{name} is in no quota that is known here")
        burst, refill, _ = QUOTAS[name]
        at_once = burst * BURST_SHARE * (1 - RESERVE)
        allowed[name] = max(0.0, count - at_once) / (refill * REFILL_SHARE)
    return allowed
