"""Docker Engines with a container that writes without pause: one made up here, and the one of this machine."""

import itertools
import json
import os
import shutil
import socketserver
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

FLOOD_IMAGES = "busybox", "alpine", "ecsight-test/app/web:v2"


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
