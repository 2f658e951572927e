#!/usr/bin/env python3
"""Measures the built program as a process: time to the first frame, processor time and bytes written while nothing
changes, memory with 20,000 tasks, what 300 sampled containers cost, size. Linux only; takes about five minutes.

    cargo build --release && benches/process.py [PROGRAM]
"""

import fcntl
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parent.parent / "target/release/ecsight")
STARTS = 10
IDLE_SECONDS = 60
CLUSTERS, SERVICES, TASKS = 4, 50, 100
SAMPLED_SERVICES, SAMPLED_TASKS, SAMPLED_HOSTS, SAMPLED_SECONDS, KEYS = 3, 100, 4, 30, 50


class Screen:
    """The program in a terminal of 140x40."""

    def __init__(self, arguments, variables=None, config=""):
        home = tempfile.mkdtemp()
        path = Path(home, "config.toml")
        path.write_text(config)
        arguments = arguments if "demo" in arguments else ["--config", str(path), *arguments]
        variables = {"HOME": home, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(variables or {})}
        self.started = time.monotonic()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(PROGRAM, [PROGRAM, *arguments], variables)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))

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

    def end(self):
        self.process.kill()
        self.process.wait()


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


if __name__ == "__main__":
    print(f"size of the program:                {os.path.getsize(PROGRAM) / 2**20:6.1f} MiB")
    starts()
    idle()
    memory()
    samples()
