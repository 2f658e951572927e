#!/usr/bin/env python3
"""Measures the built program as a process. Linux only; takes about a quarter of an hour. A Docker Engine, if there is
one, runs the last container for a while too.

    cargo build --release && benches/process.py [PART...] [NAME=NUMBER...] [PROGRAM]

Without a part it is all of them:

    starts   time to the first frame and to the clusters
    kept     time to what the last session kept of 5,000 services and 20,000 tasks
    idle     processor time and bytes written while nothing changes
    memory   memory with 20,000 tasks
    crawl    time to read a whole account of 5,000 tasks, 100 ms a call, against what the request quotas allow
    budget   what is left of the request quotas of an account of 2,000 services that is known
    samples  what 300 sampled containers cost
    flood    a container that writes without pause

The numbers below can be made others, such as IDLE_SECONDS=10, to try a part.
"""

import os
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent / "process"))

from account import QUOTAS, Sandbox, Toll, by_quota, first_looks, seconds_allowed
from engines import Engine, RealEngine
from terminal import Screen, count_of, is_live, is_quiet

STARTS = 10
IDLE_SECONDS = 60
CLUSTERS, SERVICES, TASKS = 4, 50, 100
KEPT_SERVICES, KEPT_TASKS = 5_000, 4
CRAWLED_CLUSTERS, CRAWLED_SERVICES, CRAWLED_TASKS, CRAWLED_MILLISECONDS = 4, 50, 25, 100
BUDGET_CLUSTERS, BUDGET_SERVICES, BUDGET_TASKS, BUDGET_SECONDS = 20, 100, 2, 120
SAMPLED_SERVICES, SAMPLED_TASKS, SAMPLED_HOSTS, SAMPLED_SECONDS, KEYS = 3, 100, 4, 30, 50
FLOOD_SERVICE, FLOOD_RATE, FLOOD_SECONDS, FLOOD_KEYS = "legacy-admin", 100_000, 20, 20
# The longest wait for an account to be read.
PATIENCE = 300
WHOLE_QUOTA = "[budget]\nburst = 1.0\nrefill = 1.0\n"


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
    sandbox = Sandbox("--clusters", 1, "--services", KEPT_SERVICES, "--tasks", KEPT_TASKS)
    (cluster,) = sandbox.call("ListClusters")["clusterArns"]
    folder, config = tempfile.TemporaryDirectory(ignore_cleanup_errors=True), "cache = true\n" + WHOLE_QUOTA
    home = folder.name
    arguments = ["--cluster", cluster.rsplit("/", 1)[1], "--color", "never"]
    screen = Screen(arguments, sandbox.variables, config, home)
    screen.watch(PATIENCE, lambda text: count_of("services", text) == KEPT_SERVICES and is_live(text))
    # Rollouts come and go meanwhile, so that their number is not quite the same a moment later.
    least = sandbox.tasks() * 0.98
    screen.wait(":tasks\r", lambda text: count_of("tasks", text) >= least and is_live(text), PATIENCE)
    tasks = count_of("tasks", screen.text())
    screen.leave(":q\r")
    sandbox.end()
    (file,) = Path(home).rglob("*.snapshot")
    rows = []
    for _ in range(STARTS):
        screen = Screen(arguments, sandbox.variables, config, home)
        # The end of the first frame.
        screen.read(10, b"\x1b[?2026l")
        rows.append(time.monotonic() - screen.started)
        shown = screen.text()
        if not (count_of("services", shown) == KEPT_SERVICES and " old" in shown):
            sys.exit(f"the first frame shows something else:\n{shown}")
        screen.end()
    print(f"{KEPT_SERVICES} services and {tasks} tasks, kept:   {file.stat().st_size / 2**20:6.1f} MiB")
    print(f"no network, exec to the services:   {statistics.median(rows) * 1000:6.0f} ms (median of {STARTS}), {max(rows) * 1000:.0f} ms at most")


def idle():
    sandbox = Sandbox()
    screen = Screen([], sandbox.variables)
    screen.watch(10, lambda text: "prod-web" in text)
    screen.wait(":td\r", lambda text: count_of("families", text) > 0 and is_live(text) and is_quiet(text), 60)
    screen.watch(15)
    before = screen.cpu_seconds()
    written = screen.read(IDLE_SECONDS)
    spent = screen.cpu_seconds() - before
    print(f"nothing changes, refreshing, {IDLE_SECONDS} s:   {spent / IDLE_SECONDS:7.2%} of a core, {len(written)} bytes written")
    print(f"memory with the demo's clusters:    {screen.mebibytes():6.0f} MiB")
    screen.end()
    sandbox.end()


def memory():
    """The table of all tasks is open, and all that they lead to is known too."""
    sandbox = Sandbox("--clusters", CLUSTERS, "--services", SERVICES, "--tasks", TASKS)
    screen = Screen([], sandbox.variables, WHOLE_QUOTA)
    screen.watch(10, is_live)
    least = sandbox.tasks() * 0.98
    screen.wait(":tasks all\r", lambda text: count_of("tasks", text) >= least and is_live(text) and is_quiet(text), PATIENCE)
    print(f"memory with {count_of('tasks', screen.text())} tasks:          {screen.mebibytes():6.0f} MiB")
    screen.end()
    sandbox.end()


def read_whole(screen, toll):
    """Waits until nothing is asked any more for the first time; the calls up to there, the first of their kind."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        screen.watch(1)
        first = first_looks(toll.calls)
        if first and is_quiet(screen.text()) and time.monotonic() - first[-1].begun > 5:
            return first
    sys.exit(f"the account was not known after {PATIENCE} s, at:\n{screen.text()}\n{by_quota(first)}")


def crawl():
    """Nothing is pressed. The bound is what the quota that is needed most lets go, and three calls one after the other."""
    sandbox = Sandbox("--clusters", CRAWLED_CLUSTERS, "--services", CRAWLED_SERVICES, "--tasks", CRAWLED_TASKS)
    tasks, latency = sandbox.tasks(), CRAWLED_MILLISECONDS / 1000
    toll = Toll(sandbox, latency)
    screen = Screen([], toll.variables)
    first = read_whole(screen, toll)
    wall = max(call.ended for call in first) - screen.started
    screen.end()
    toll.end()
    sandbox.end()
    allowed = seconds_allowed(first)
    bound = max(allowed.values()) + 3 * latency
    print(
        f"{tasks} tasks read, {CRAWLED_MILLISECONDS} ms a call:      {wall:6.1f} s from exec after {len(first)} calls, "
        f"{wall / bound:.2f} times the bound of {bound:.1f} s (1.5 at most is the aim)"
    )
    counted = by_quota(first)
    for name in sorted(allowed, key=allowed.get, reverse=True):
        calls = [call for call in first if call.operation in QUOTAS[name][2]]
        begun, ended = min(call.begun for call in calls), max(call.ended for call in calls)
        print(
            f"  {name + ':':34} {counted[name]:4} calls, {allowed[name]:5.1f} s at least, "
            f"from {begun - screen.started:.1f} to {ended - screen.started:.1f} s"
        )
        operations = Counter(call.operation for call in calls)
        print(f"    {', '.join(f'{times} {operation}' for operation, times in operations.items())}")


def budget():
    """The shares of what AWS refills, with the clusters in front, then the services of one of them."""
    sandbox = Sandbox("--clusters", BUDGET_CLUSTERS, "--services", BUDGET_SERVICES, "--tasks", BUDGET_TASKS)
    toll = Toll(sandbox)
    screen = Screen([], toll.variables)
    first = read_whole(screen, toll)
    print(f"{BUDGET_CLUSTERS * BUDGET_SERVICES} services known after {len(first)} calls, calls in {BUDGET_SECONDS} s:")
    for name, keys in [("the clusters in front", ""), (f"{BUDGET_SERVICES} services in front", "\r")]:
        if keys:
            screen.wait(keys, lambda text: count_of("services", text) == BUDGET_SERVICES and is_live(text))
        begun = len(toll.calls)
        seconds, _ = screen.watch(BUDGET_SECONDS)
        print(f"  {name}:")
        for quota, count in sorted(by_quota(toll.calls[begun:]).items()):
            refill = QUOTAS[quota][1]
            aim = " (10 % at most is the aim)" if quota == "service read" and not keys else ""
            print(f"    {quota + ':':32} {count / seconds:7.2f} calls/s, {count / seconds / refill:6.1%} of the refill of {refill}/s{aim}")
    screen.end()
    toll.end()
    sandbox.end()


def samples():
    """Every container of three services is sampled once a second, since the services are on the screen."""
    containers = SAMPLED_SERVICES * SAMPLED_TASKS
    sandbox = Sandbox("--clusters", 2, "--services", SAMPLED_SERVICES, "--tasks", SAMPLED_TASKS, "--hosts", SAMPLED_HOSTS)
    config = f'[engines]\nlocal = false\n[[engines.hosts]]\naddress = "{sandbox.engines}"\n'
    screen = Screen([], sandbox.variables, config)
    screen.watch(10, is_live)
    # Of two clusters the second runs on container instances.
    screen.wait("j\r", lambda text: count_of("services", text) == SAMPLED_SERVICES and len(sampled(text)) == SAMPLED_SERVICES, 60)
    screen.watch(20)
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


def sampled(text):
    """The rows with figures of processor and memory that are not CloudWatch's."""
    return [row for row in text.split("\n")[2:] if re.search(r" \d+% +\d+% ", row)]


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


PARTS = [starts, kept, idle, memory, crawl, budget, samples, flood]


def main():
    program, chosen = str(Path(__file__).parent.parent / "target/release/ecsight"), []
    parts = {part.__name__: part for part in PARTS}
    for argument in sys.argv[1:]:
        name, _, number = argument.partition("=")
        if name in parts:
            chosen.append(parts[name])
        elif name.isupper() and isinstance(globals().get(name), int) and number.isdecimal():
            globals()[name] = int(number)
        elif os.access(argument, os.X_OK) and not os.path.isdir(argument):
            program = os.path.abspath(argument)
        else:
            sys.exit(f"{argument} is no program, no part and no number; the parts are {', '.join(parts)}")
    if not os.access(program, os.X_OK):
        sys.exit(f"there is no {program}: cargo build --release makes it")
    Screen.program = Sandbox.program = program
    print(f"size of the program:                {os.path.getsize(program) / 2**20:6.1f} MiB", flush=True)
    for part in chosen or PARTS:
        part()
        sys.stdout.flush()


if __name__ == "__main__":
    main()
