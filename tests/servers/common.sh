# shellcheck shell=bash
# Paths, messages and process bookkeeping shared by `up` and `down`. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/tests/servers
lab=$root/.lab
run=$lab/run
mkdir -p "$run"

say() { printf 'servers: %s\n' "$*" >&2; }

# Says what failed, shows the end of the log that knows why, and gives up.
die() {
    local message=$1 log=${2:-}
    say "FAILED: $message"
    if [[ -n $log && -s $log ]]; then
        say "last lines of $log:"
        tail -n 20 "$log" >&2
    fi
    exit 1
}

# The process recorded under a name, if it still runs and still is that program.
running_pid() {
    local name=$1 program=$2 pid
    pid=$(cat "$run/$name.pid" 2>/dev/null) || return 1
    [[ -n $pid && -r /proc/$pid/cmdline ]] || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- "$program" || return 1
    printf '%s\n' "$pid"
}

# Starts a program in a session of its own, so that it outlives the terminal, and records its process id.
start_daemon() {
    local name=$1
    shift
    # The lock (descriptor 9) belongs to `up` alone, not to what it starts.
    setsid nohup "$@" >"$run/$name.log" 2>&1 </dev/null 9>&- &
    printf '%s\n' "$!" >"$run/$name.pid"
}

# Ends a recorded process: TERM, ten seconds to obey, then KILL.
stop_daemon() {
    local name=$1 program=$2 pid
    if pid=$(running_pid "$name" "$program"); then
        kill -TERM "$pid"
        for _ in $(seq 50); do
            [[ -d /proc/$pid ]] || break
            sleep 0.2
        done
        if [[ -d /proc/$pid ]]; then
            say "$name ignored TERM, killing process $pid"
            kill -KILL "$pid"
        fi
        say "$name stopped"
    fi
    rm -f "$run/$name.pid"
}

# Waits until a command succeeds; gives up after so many seconds, or as soon as the named daemon is gone.
wait_until() {
    local seconds=$1 name=$2 program=$3 end
    shift 3
    end=$((SECONDS + seconds))
    until "$@"; do
        ((SECONDS < end)) || return 1
        running_pid "$name" "$program" >/dev/null || return 1
        sleep 0.2
    done
}

# True when an HTTP address answers with success.
answers() {
    python3 - "$1" 2>/dev/null <<'PYTHON'
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=2).read()
PYTHON
}

# The wanted loopback port if nothing holds it, else any free one.
free_port() {
    python3 - "$1" <<'PYTHON'
import socket, sys
for port in (int(sys.argv[1]), 0):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(probe.getsockname()[1])
        break
PYTHON
}
