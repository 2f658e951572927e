#!/usr/bin/env python3
"""Measures the built program as a process: time to the first frame, to what the last session kept, processor time and bytes written while nothing
changes, memory with 20,000 tasks, what 300 sampled containers cost, a container that writes without pause, size. Linux
only; takes about twelve minutes. A Docker Engine, if there is one, runs the last container for a while too.

    cargo build --release && benches/process.py [PROGRAM [PART...]]

The parts are starts, kept, idle, memory, samples and flood; without one it is all of them.
"""

import fcntl
import itertools
import json
import os
import pty
import re
import select
import shutil
import socketserver
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import urllib.request
from pathlib import Path

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parent.parent / "target/release/ecsight")
STARTS = 10
IDLE_SECONDS = 60
CLUSTERS, SERVICES, TASKS = 4, 50, 100
KEPT_SERVICES, KEPT_TASKS = 5_000, 4
SAMPLED_SERVICES, SAMPLED_TASKS, SAMPLED_HOSTS, SAMPLED_SECONDS, KEYS = 3, 100, 4, 30, 50
FLOOD_SERVICE, FLOOD_RATE, FLOOD_SECONDS, FLOOD_KEYS = "legacy-admin", 100_000, 20, 20
FLOOD_IMAGES = "busybox", "alpine", "ecsight-test/app/web:v2"


class Screen:
    """The program in a terminal of 140x40."""

    COLUMNS, ROWS = 140, 40

    def __init__(self, arguments, variables=None, config="", home=None):
        home = home or tempfile.mkdtemp()
        path = Path(home, "config.toml")
        path.write_text(config)
        arguments = arguments if "demo" in arguments else ["--config", str(path), *arguments]
        variables = {"HOME": home, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(variables or {})}
        self.rest, self.cursor, self.cells = "", (0, 0), [[" "] * self.COLUMNS for _ in range(self.ROWS)]
        self.started = time.monotonic()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(PROGRAM, [PROGRAM, *arguments], variables)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", self.ROWS, self.COLUMNS, 0, 0))

    def read(self, seconds, until=None):
        """What is written within some seconds, or until a text is in it."""
        end, written = time.monotonic() + seconds, b""
        while (left := end - time.monotonic()) > 0:
            if select.select([self.terminal], [], [], left)[0]:
                piece = os.read(self.terminal, 1 << 16)
                written += piece
                if until and until in written:
                    return written
        if until:
            sys.exit(f"waited for {until} in vain")
        return written

    def press(self, keys, seconds=0.5):
        os.write(self.terminal, keys.encode())
        return self.read(seconds)

    def watch(self, seconds, holds=None):
        """Draws what is written for some seconds, or until something holds of the text; seconds and bytes it took."""
        begun, written = time.monotonic(), 0
        while True:
            spent = time.monotonic() - begun
            if holds and holds(self.text()):
                return spent, written
            if spent >= seconds:
                if holds:
                    sys.exit(f"waited in vain, at:\n{self.text()}")
                return spent, written
            if select.select([self.terminal], [], [], seconds - spent)[0]:
                piece = os.read(self.terminal, 1 << 16)
                written += len(piece)
                self.draw(piece.decode(errors="replace"))

    def draw(self, text):
        text = self.rest + text
        # A sequence may come in two pieces.
        self.rest = re.search(r"(\x1b(\[[0-9;?]*)?)?$", text)[0]
        text = text.removesuffix(self.rest)
        for place, row, column, shown in re.findall(r"(\x1b\[(\d+);(\d+)H)|\x1b\[[0-9;?]*[A-Za-z]|([^\x1b])", text):
            if place:
                self.cursor = (int(row) - 1, int(column) - 1)
            elif shown:
                row, column = self.cursor
                if row < self.ROWS and column < self.COLUMNS:
                    self.cells[row][column] = shown
                self.cursor = (row, column + 1)

    def text(self):
        return "\n".join(map("".join, self.cells))

    def wait(self, keys, holds):
        """Seconds from keys to what they are to bring about."""
        os.write(self.terminal, keys.encode())
        return self.watch(10, holds)[0]

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def mebibytes(self):
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def end(self):
        os.kill(self.pid, 15)
        try:
            self.read(0.5)
        except OSError:
            pass
        os.waitpid(self.pid, 0)


class Sandbox:
    """The simulated account as a process of its own."""

    def __init__(self, *arguments):
        command = [PROGRAM, "sandbox", "--listen", "127.0.0.1:0", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
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

    def end(self):
        self.process.kill()
        self.process.wait()


class Engine(socketserver.ThreadingUnixStreamServer):
    """An engine with one container that writes so many lines a second, or as many as are read."""

    daemon_threads = True
    LINES = 1_000

    def __init__(self, labels, rate):
        self.labels, self.rate = labels, rate
        self.path = Path(tempfile.mkdtemp(), "docker.sock")
        super().__init__(str(self.path), EngineConnection)
        self.address = f"unix://{self.path}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def runs(self):
        return True

    def end(self):
        self.shutdown()
        self.server_close()

    def batches(self):
        said = '{"level":"info","msg":"number @@@@@@@@%03d","path":"/cart","status":200,"ms":12}'
        lines = [f"2026-01-01T00:00:00.000000000Z {said % number}\n" for number in range(self.LINES)]
        batch = b"".join(struct.pack(">BxxxI", 1, len(line)) + line.encode() for line in lines)
        begun = time.monotonic()
        for number in itertools.count():
            if self.rate:
                time.sleep(max(0, begun + number * self.LINES / self.rate - time.monotonic()))
            nanoseconds = time.time_ns()
            moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(nanoseconds // 10**9)) + f".{nanoseconds % 10**9:09}Z"
            yield batch.replace(b"2026-01-01T00:00:00.000000000Z", moment.encode()).replace(b"@@@@@@@@", b"%08d" % number)


class EngineConnection(socketserver.StreamRequestHandler):
    """A request to such an engine."""

    def handle(self):
        request = self.rfile.readline().decode().split()
        if not request:
            return
        path = request[1].split("?")[0]
        while self.rfile.readline().strip():
            pass
        try:
            self.answer(path)
        except OSError:
            # The client went.
            pass

    def answer(self, path):
        if path.endswith(("/events", "/logs", "/stats")):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n")
            if path.endswith("/logs"):
                for batch in self.server.batches():
                    self.wfile.write(batch)
            self.rfile.read(1)
            return
        answer = [{"Id": "flood", "Names": ["/flood"], "Created": 1, "State": "running", "Status": "Up", "Labels": self.server.labels}]
        if path.endswith("/version"):
            answer = {"Version": "20.10.24", "ApiVersion": "1.41"}
        if path.endswith("/info"):
            answer = {"MemTotal": 8 << 30}
        body = json.dumps(answer).encode()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


class RealEngine:
    """The engine of this machine, with a container that writes as fast as it can."""

    def __init__(self, labels):
        self.address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
        self.container = None
        for image in FLOOD_IMAGES if shutil.which("docker") else ():
            labelled = itertools.chain.from_iterable(("--label", f"{name}={value}") for name, value in labels.items())
            limits = ["--network", "none", "--log-driver", "json-file", "--log-opt", "max-size=64m", "--log-opt", "max-file=2"]
            script = """seq 1 1000000000 | sed 's/.*/{"level":"info","msg":"number &","path":"\\/cart","status":200}/'"""
            started = self.docker("run", "--detach", "--pull", "never", "--entrypoint", "sh", *limits, *labelled, image, "-c", script)
            if started.returncode == 0:
                self.container = started.stdout.strip()
                break

    def docker(self, *arguments):
        return subprocess.run(["docker", "--host", self.address, *arguments], capture_output=True, text=True)

    def runs(self):
        return self.container is not None

    def end(self):
        if self.runs():
            self.docker("rm", "--force", self.container)


def starts():
    first, rows = [], []
    for _ in range(STARTS):
        screen = Screen(["demo"])
        screen.read(10, b"clusters")
        first.append(time.monotonic() - screen.started)
        screen.read(10, b"prod-web")
        rows.append(time.monotonic() - screen.started)
        screen.end()
    print(f"demo, exec to first frame:          {statistics.median(first) * 1000:6.0f} ms (median of {STARTS})")
    print(f"demo, exec to the clusters shown:   {statistics.median(rows) * 1000:6.0f} ms (median of {STARTS})")


def kept():
    """Nothing listens at the endpoint when the program is started again."""
    sandbox = Sandbox("--clusters", "1", "--services", str(KEPT_SERVICES), "--tasks", str(KEPT_TASKS))
    (cluster,) = sandbox.call("ListClusters")["clusterArns"]
    name = cluster.rsplit("/", 1)[1]
    home, config = tempfile.mkdtemp(), "cache = true\n[budget]\nburst = 1.0\nrefill = 1.0\n"
    arguments = ["--cluster", name, "--color", "never"]
    screen = Screen(arguments, sandbox.variables, config, home)
    counted = f"services  {KEPT_SERVICES}"
    screen.watch(300, lambda text: counted in text and "live" in text)
    screen.press("\x1b", 1)
    os.write(screen.terminal, b"t")
    screen.watch(300, lambda text: f"tasks  {KEPT_SERVICES * KEPT_TASKS}" in text and "live" in text)
    os.write(screen.terminal, b":q\r")
    while os.waitpid(screen.pid, os.WNOHANG) == (0, 0):
        try:
            screen.read(0.1)
        except OSError:
            pass
    sandbox.end()
    (file,) = Path(home).rglob("*.snapshot")
    rows = []
    for _ in range(STARTS):
        screen = Screen(arguments, sandbox.variables, config, home)
        # The end of the first frame.
        shown = screen.read(10, b"\x1b[?2026l")
        rows.append(time.monotonic() - screen.started)
        screen.draw(shown.decode(errors="replace"))
        if not (counted in screen.text() and " old" in screen.text()):
            sys.exit(f"the first frame shows something else:\n{screen.text()}")
        screen.end()
    print(f"{KEPT_SERVICES} services and {KEPT_SERVICES * KEPT_TASKS} tasks, kept:   {file.stat().st_size / 2**20:6.1f} MiB")
    print(f"no network, exec to the services:   {statistics.median(rows) * 1000:6.0f} ms (median of {STARTS}), {max(rows) * 1000:.0f} ms at most")


def idle():
    sandbox = Sandbox()
    screen = Screen([], sandbox.variables)
    screen.read(10, b"prod-web")
    screen.press(":td\r", 15)
    before = screen.cpu_seconds()
    written = screen.read(IDLE_SECONDS)
    spent = screen.cpu_seconds() - before
    print(f"nothing changes, refreshing, {IDLE_SECONDS} s:   {spent / IDLE_SECONDS:7.2%} of a core, {len(written)} bytes written")
    print(f"memory with the demo's clusters:    {screen.mebibytes():6.0f} MiB")
    screen.end()
    sandbox.end()


def memory():
    scale = ["--clusters", str(CLUSTERS), "--services", str(SERVICES), "--tasks", str(TASKS)]
    sandbox = Sandbox(*scale)
    screen = Screen([], sandbox.variables)
    screen.read(5)
    for number in range(CLUSTERS):
        # The calls of each cluster wait for the budget of the quota.
        screen.press("j" * number + "t", 30)
        screen.press("\x1b", 1)
        screen.press("g")
    print(f"memory with {CLUSTERS * SERVICES * TASKS} tasks:          {screen.mebibytes():6.0f} MiB")
    screen.end()
    sandbox.end()


def samples():
    """Every container of three services is sampled once a second, since the services are on the screen."""
    containers = SAMPLED_SERVICES * SAMPLED_TASKS
    scale = ["--clusters", 2, "--services", SAMPLED_SERVICES, "--tasks", SAMPLED_TASKS, "--hosts", SAMPLED_HOSTS]
    sandbox = Sandbox(*map(str, scale))
    config = f'[engines]\nlocal = false\n[[engines.hosts]]\naddress = "{sandbox.engines}"\n'
    screen = Screen([], sandbox.variables, config)
    screen.read(5)
    # Of two clusters the second runs on container instances.
    screen.press("j\r", 30)
    before = screen.cpu_seconds()
    written = screen.read(SAMPLED_SECONDS)
    spent = screen.cpu_seconds() - before
    print(f"{containers} containers sampled at 1 Hz:     {spent / SAMPLED_SECONDS:7.2%} of a core, {len(written)} bytes written in {SAMPLED_SECONDS} s")
    waits = []
    for _ in range(KEYS):
        pressed = time.monotonic()
        os.write(screen.terminal, b"?")
        screen.read(5, b"type to search")
        waits.append(time.monotonic() - pressed)
        screen.press("\x1b", 0.4)
    waits.sort()
    print(f"a key meanwhile, to the screen:     {statistics.median(waits) * 1000:6.0f} ms (median of {KEYS}), {waits[-1] * 1000:.0f} ms at most")
    screen.end()
    sandbox.end()


def flood():
    """The log of one container is open that writes 100,000 lines a second, and as many as are read."""
    sandbox = Sandbox()
    for cluster in sandbox.call("ListClusters")["clusterArns"]:
        names = sandbox.call("ListServices", cluster=cluster, maxResults=100)["serviceArns"]
        if any(name.endswith("/" + FLOOD_SERVICE) for name in names):
            break
    task = sandbox.call("ListTasks", cluster=cluster, serviceName=FLOOD_SERVICE)["taskArns"][0]
    described = sandbox.call("DescribeTasks", cluster=cluster, tasks=[task])["tasks"][0]
    labels = {
        "com.amazonaws.ecs.task-arn": task,
        "com.amazonaws.ecs.container-name": described["containers"][0]["name"],
        "com.amazonaws.ecs.cluster": cluster,
    }
    cluster = cluster.rsplit("/", 1)[1]
    try:
        for what, start in [
            (f"{FLOOD_RATE} lines a second", lambda: Engine(labels, FLOOD_RATE)),
            ("as many lines as are read", lambda: Engine(labels, None)),
            ("a container of the engine here", lambda: RealEngine(labels)),
        ]:
            engine = start()
            try:
                if engine.runs():
                    flooded(what, sandbox, cluster, engine)
            finally:
                engine.end()
    finally:
        sandbox.end()


def flooded(what, sandbox, cluster, engine):
    print(f"{what}, for {FLOOD_SECONDS} s each:")
    for name, keys, variables in [
        ("followed", "", {}),
        ("over SSH", "", {"SSH_TTY": "/dev/pts/0"}),
        ("wrapped, JSON folded", "wf", {}),
        ("filtered", "/77\r", {}),
        ("not followed", "kkk", {}),
    ]:
        screen = Screen(["--cluster", cluster], {**sandbox.variables, "DOCKER_HOST": engine.address, **variables})
        screen.watch(10, lambda text: FLOOD_SERVICE in text)
        screen.wait(f"/{FLOOD_SERVICE}\r", lambda text: "1 of" in text)
        before = screen.mebibytes()
        screen.wait("l", lambda text: "number" in text)
        os.write(screen.terminal, keys.encode())
        screen.watch(2)
        begun, spent, taken, most, written = time.monotonic(), screen.cpu_seconds(), lines_in(screen), 0, 0
        for _ in range(FLOOD_SECONDS):
            written += screen.watch(1)[1]
            most = max(most, screen.mebibytes())
        taken, spent, seconds = lines_in(screen) - taken, screen.cpu_seconds() - spent, time.monotonic() - begun
        print(
            f"  {name + ':':34} {taken / seconds:7.0f} lines/s, {spent / seconds:4.0%} of a core, "
            f"{written / seconds / 1024:5.1f} KiB/s written, {before:.0f} MiB before, {most:.0f} at most"
        )
        waits = []
        for _ in range(FLOOD_KEYS):
            waits.append(screen.wait("?", lambda text: "type to search" in text))
            waits.append(screen.wait("\x1b", lambda text: "type to search" not in text))
            if name == "followed":
                waits.append(screen.wait("k", lambda text: "s follows" in text))
                waits.append(screen.wait("s", lambda text: "s follows" not in text))
                waits.append(screen.wait("/zz", lambda text: "  0 of" in text))
                waits.append(screen.wait("\x1b", lambda text: "  0 of" not in text))
        print(f"  {'a key meanwhile, to the screen:':34} {statistics.median(waits) * 1000:7.0f} ms (median of {len(waits)}), {max(waits) * 1000:.0f} ms at most")
        screen.end()


def lines_in(screen):
    """All lines that came, as the screen says: those held and those dropped."""
    said = [re.search(rf"([\d,]+) {word}", screen.text()) for word in ("lines", "older dropped")]
    return sum(int(one[1].replace(",", "")) for one in said if one)


if __name__ == "__main__":
    print(f"size of the program:                {os.path.getsize(PROGRAM) / 2**20:6.1f} MiB")
    parts = [starts, kept, idle, memory, samples, flood]
    for part in parts:
        if part.__name__ in sys.argv[2:] or not sys.argv[2:]:
            part()
