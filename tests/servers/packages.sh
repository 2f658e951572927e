# shellcheck shell=bash
# Installs what a fresh Debian lacks: system packages by apt, Python packages in venvs of their own. Sourced by `up`.

# Installs system packages that are missing; needs root, and says so.
install_packages() {
    local log=$run/apt.log
    [[ $EUID -eq 0 ]] || die "these packages are missing and only root can install them: $*"
    command -v apt-get >/dev/null || die "these packages are missing and there is no apt-get to install them: $*"
    say "installing $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >"$log" 2>&1 || say "apt-get update failed, going on with the lists at hand (see $log)"
    # Nothing may be started by the package: there may be no init system, and `up` starts what it needs.
    apt-get install -y -qq --no-install-recommends "$@" >>"$log" 2>&1 || die "apt-get install $* failed" "$log"
}

# The first Python that can make a venv: the one on PATH, else Debian's.
find_python() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            printf '%s\n' "$python"
            return
        fi
    done
    return 1
}

# Makes .lab/NAME a venv with the packages of tests/servers/NAME.txt; a venv that already matches is left alone.
ensure_venv() {
    local name=$1 python log=$run/pip-$1.log
    local venv=$lab/$name wanted=$here/$name.txt
    if cmp -s "$wanted" "$venv/installed.txt" && "$venv/bin/python" -c '' 2>/dev/null; then
        return
    fi
    if ! python=$(find_python); then
        install_packages python3 python3-venv
        python=$(find_python) || die "no python3 with the venv module, even after installing python3-venv"
    fi
    say "installing $name into $venv"
    rm -rf "$venv"
    "$python" -m venv "$venv" >"$log" 2>&1 || die "cannot make a Python venv in $venv" "$log"
    "$venv/bin/pip" install --disable-pip-version-check -q -r "$wanted" >>"$log" 2>&1 ||
        die "pip cannot install $wanted" "$log"
    cp "$wanted" "$venv/installed.txt"
}
