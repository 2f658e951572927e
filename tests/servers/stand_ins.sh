# shellcheck shell=bash
# Starts and stops MiniStack and moto, the servers that stand in for AWS. Sourced by `up` and `down`.

# Starts MiniStack on a loopback port unless it runs; sets `ministack` to its address.
ensure_ministack() {
    local port
    if running_pid ministack ministack >/dev/null && port=$(cat "$run/ministack.port") &&
        answers "http://127.0.0.1:$port/_ministack/health"; then
        ministack=http://127.0.0.1:$port
        return
    fi
    stop_daemon ministack ministack
    port=$(free_port 4566)
    printf '%s\n' "$port" >"$run/ministack.port"
    # BIND_HOST: its default is every interface. The rest names the account and shuts the fronts no test asks for.
    start_daemon ministack env -u MINISTACK_HOSTNAME -u EDGE_PORT -u PERSIST_STATE -u AUTH \
        BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" MINISTACK_HOST=127.0.0.1 \
        MINISTACK_REGION=us-east-1 MINISTACK_ACCOUNT_ID=123456789012 \
        SFTP_ENABLED=0 IOT_MTLS_ENABLED=0 DOCKER_HOST="$engine" \
        AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true \
        "$lab/ministack/bin/ministack"
    wait_until 60 ministack ministack answers "http://127.0.0.1:$port/_ministack/health" ||
        die "MiniStack does not answer on port $port" "$run/ministack.log"
    ministack=http://127.0.0.1:$port
    say "started MiniStack at $ministack"
}

# Starts moto on a loopback port unless it runs; sets `moto` to its address.
ensure_moto() {
    local port
    if running_pid moto moto_server >/dev/null && port=$(cat "$run/moto.port") &&
        answers "http://127.0.0.1:$port/moto-api/data.json"; then
        moto=http://127.0.0.1:$port
        return
    fi
    stop_daemon moto moto_server
    port=$(free_port 5001)
    printf '%s\n' "$port" >"$run/moto.port"
    start_daemon moto env AWS_EC2_METADATA_DISABLED=true \
        "$lab/moto/bin/moto_server" -H 127.0.0.1 -p "$port"
    wait_until 60 moto moto_server answers "http://127.0.0.1:$port/moto-api/data.json" ||
        die "moto does not answer on port $port" "$run/moto.log"
    moto=http://127.0.0.1:$port
    say "started moto at $moto"
}
