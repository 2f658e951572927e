# shellcheck shell=bash
# Finds the Docker Engine that runs, or starts Debian's with its data under .lab. Sourced by `up` and `down`.

engine_socket=/var/run/docker.sock

# True when a Docker Engine answers at the address.
engine_answers() {
    "$lab/ministack/bin/python" - "$1" 2>/dev/null <<'PYTHON'
import sys, docker
docker.DockerClient(base_url=sys.argv[1], timeout=5).ping()
PYTHON
}

# One attempt to start dockerd with the given options on top of the usual ones.
try_engine() {
    start_daemon dockerd dockerd --data-root "$lab/docker/data" --exec-root "$lab/docker/exec" \
        --pidfile "$run/dockerd-own.pid" -H "unix://$engine_socket" "$@"
    wait_until 30 dockerd dockerd engine_answers "unix://$engine_socket"
}

# Sets `engine` to the address of a Docker Engine, starting one when none answers.
ensure_engine() {
    local address
    for address in "${DOCKER_HOST:-}" "unix://$engine_socket"; do
        if [[ -n $address ]] && engine_answers "$address"; then
            engine=$address
            say "using the Docker Engine at $engine"
            return
        fi
    done

    command -v dockerd >/dev/null && command -v iptables >/dev/null || install_packages docker.io iptables
    command -v dockerd >/dev/null || die "docker.io is installed but there is no dockerd on PATH"
    [[ $EUID -eq 0 ]] || die "no Docker Engine answers and only root can start one"
    mkdir -p "$lab/docker"
    rm -f "$run/dockerd-own.pid"

    # From the engine's own choices to what the most restricted machine allows. Each step down is said aloud.
    local options attempt=0
    for options in "" \
        "--storage-driver=vfs" \
        "--storage-driver=vfs --iptables=false --ip-masq=false" \
        "--storage-driver=vfs --iptables=false --ip-masq=false --bridge=none"; do
        attempt=$((attempt + 1))
        # shellcheck disable=SC2086 # the options are words
        if try_engine $options; then
            engine=unix://$engine_socket
            say "started a Docker Engine at $engine${options:+ with $options}"
            return
        fi
        stop_daemon dockerd dockerd
        cp "$run/dockerd.log" "$run/dockerd-attempt-$attempt.log"
        say "dockerd ${options:-with its defaults} did not start; why: $run/dockerd-attempt-$attempt.log"
        grep -E 'level=(error|fatal)|failed' "$run/dockerd.log" | tail -n 3 >&2
    done
    die "no Docker Engine could be started on this machine" "$run/dockerd.log"
}
