# Shared by the scripts beside it; sourced, never run. Kept to bash 3.2, which is what macOS has.

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() {
    printf '\033[1merror:\033[0m %s\n' "$*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The program `dev` of tests/dev. It is built before it starts anything. Stopping takes the one that
# is already built, so that no stop waits for a build.
dev_program=${CARGO_TARGET_DIR:-$root/target}/debug/dev
dev() {
    case "$1 ${2:-}" in
        "services stop" | "services remove") "$dev_program" "$@" 2>/dev/null && return ;;
    esac
    build_dev
    "$dev_program" "$@"
}
build_dev() {
    have cc || install cc
    [ -x "$dev_program" ] || say "building the dev program"
    cargo build -q -p dev --manifest-path "$root/Cargo.toml"
}

# Prints the directory with initdb, pg_ctl and psql; the newest if there are several.
postgres_bin() { dev services find postgres 2>/dev/null; }

# Installs Redis or Postgres if it is missing.
ensure_service() {
    build_dev
    "$dev_program" services find "$1" >/dev/null 2>&1 || install "$1"
    "$dev_program" services find "$1" >/dev/null
}

# install PROGRAM: by the system's own package manager, with a message. PROGRAM is redis, postgres,
# openssl, wrk, git, cc, npm, chromium, alertmanager, haproxy, or prometheus, which brings promtool.
install() {
    local manager packages
    if [ "$(uname)" = Darwin ]; then manager=brew; else
        for manager in apt-get dnf apk none; do have $manager && break; done
    fi
    case "$manager:$1" in
        apt-get:redis | dnf:redis | apk:redis | brew:redis) packages=redis ;;
        apt-get:postgres) packages=postgresql ;;
        dnf:postgres) packages="postgresql-server postgresql-contrib" ;;
        apk:postgres) packages="postgresql postgresql-contrib" ;;
        brew:postgres) packages=postgresql@17 ;;
        *:openssl) packages=openssl ;;
        *:wrk) packages=wrk ;;
        *:git) packages=git ;;
        *:haproxy) packages=haproxy ;;
        apt-get:npm | apk:npm) packages="nodejs npm" ;;
        dnf:npm) packages=nodejs-npm ;;
        brew:npm) packages=node ;;
        apt-get:chromium) packages="chromium chromium-driver fonts-liberation" ;;
        apk:chromium) packages="chromium chromium-chromedriver font-liberation" ;;
        dnf:chromium) packages="chromium chromedriver" ;;
        brew:chromium) packages=chromedriver ;;
        apt-get:alertmanager) packages=prometheus-alertmanager ;;
        *:alertmanager) packages=alertmanager ;;
        dnf:prometheus) packages=golang-github-prometheus ;;
        *:prometheus) packages=prometheus ;;
        apt-get:cc) packages="gcc libc6-dev" ;;
        dnf:cc) packages=gcc ;;
        apk:cc) packages="gcc musl-dev" ;;
        brew:cc) fail "no C compiler: run xcode-select --install" ;;
    esac
    case "$manager" in
        none) fail "$1 is missing and no known package manager (apt-get, dnf, apk, brew) was found: install it, or give REDIS_URL and DATABASE_URL" ;;
        brew) have brew || fail "$1 is missing: install Homebrew (https://brew.sh), or give REDIS_URL and DATABASE_URL" ;;
    esac

    local root=""
    if [ "$manager" != brew ] && [ "$(id -u)" != 0 ]; then
        have sudo || fail "$1 is missing: as root, run: $manager install $packages"
        root=sudo
    fi
    say "$1 is missing: installing $packages with ${root:+$root }$manager (a service of the package's own is not used)"
    # shellcheck disable=SC2086 # packages is a list
    case "$manager" in
        apt-get)
            # The package would start a server of its own, which no script here needs.
            if [ "$1" = postgres ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
                $root mkdir -p /etc/postgresql-common
                echo "create_main_cluster = false" | $root tee /etc/postgresql-common/createcluster.conf >/dev/null
            fi
            $root env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null >&2
            $root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $packages </dev/null >&2
            ;;
        dnf) $root dnf install -y $packages </dev/null >&2 ;;
        apk) $root apk add $packages </dev/null >&2 ;;
        brew) brew install $packages </dev/null >&2 ;;
    esac || fail "could not install $packages"
}

# Whether a program listens on this port of 127.0.0.1.
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A free port below the range that outgoing connections are given.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 10000))
        if ! port_taken "$port"; then
            echo "$port"
            return 0
        fi
    done
}

# wait_until SECONDS WHAT COMMAND...: polls; after SECONDS fails with WHAT.
wait_until() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || fail "$what"
        sleep 0.05
    done
}

# The wasm target, and a C compiler for the linker. rustup is only asked if it manages the
# toolchain.
ensure_rust() {
    have cc || install cc
    if have rustup && ! rustup target list --installed | grep -qx wasm32-wasip2; then
        say "adding the Rust target wasm32-wasip2"
        rustup target add wasm32-wasip2
    fi
}

# One component per folder in functions/: "-p health -p order-list ...".
component_flags() {
    local folder
    for folder in functions/*/Cargo.toml; do printf -- '-p %s ' "$(basename "$(dirname "$folder")")"; done
}

# at_end COMMAND: runs it once when the script ends, by itself or by a signal.
at_end() {
    ending=$1
    trap 'trap - EXIT; trap "" INT TERM HUP; $ending' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

# Long steps and servers run as a process group of their own. bash runs a trap only after a
# foreground command has ended, but ends a `wait` at once. The signal then reaches all children of
# the step.
job=""
in_group() {
    set -m
    "$@" </dev/null &
    job=$!
    set +m
}
# step COMMAND...: runs it to its end; its status is the answer.
step() {
    local status=0
    in_group "$@"
    wait "$job" || status=$?
    job=""
    return $status
}
stop_job() {
    [ -n "$job" ] || return 0
    kill -TERM -- "-$job" 2>/dev/null || return 0
    for _ in $(seq 100); do
        job_lives || return 0
        sleep 0.05
    done
    kill -KILL -- "-$job" 2>/dev/null || true
}
# In a container no process may collect orphans; then the dead stay listed as zombies.
job_lives() {
    kill -0 -- "-$job" 2>/dev/null || return 1
    [ -r /proc/self/stat ] || return 0
    cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' |
        awk -v group="$job" '$3 == group && $1 != "Z" { lives = 1 } END { exit !lives }'
}
