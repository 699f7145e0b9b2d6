# A PostgreSQL cluster and a Redis of the tests' own, on free ports of the loopback address. Sourced.
# shellcheck shell=bash

SERVICES=''

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# PostgreSQL refuses to run as root.
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

start_services() {
    SERVICES=$(mktemp -d "${TMPDIR:-/tmp}/tollgate-services.XXXXXX")
    start_postgres && start_redis
}

# The folder of the newest PostgreSQL's programs, or nothing.
postgres_bin() {
    local initdb
    initdb=$(find /usr/lib/postgresql /usr/pgsql-* -name initdb -path '*/bin/*' 2>/dev/null | sort -V | tail -n1)
    initdb=${initdb:-$(command -v initdb)}
    [ -z "$initdb" ] || dirname "$initdb"
}

start_postgres() {
    local bin port
    bin=$(postgres_bin)
    mkdir "$SERVICES/postgres"
    if [ "$(id -u)" = 0 ]; then
        chmod 711 "$SERVICES"
        chown postgres "$SERVICES/postgres"
    fi
    port=$(free_port)
    (
        cd "$SERVICES/postgres" || exit
        as_postgres "$bin/initdb" -D "$SERVICES/postgres/data" -U postgres -A trust -E UTF8 --locale C.UTF-8 --no-sync >"$SERVICES/initdb.log" &&
            # Throw-away data: no need to wait for the disk.
            as_postgres "$bin/pg_ctl" -D "$SERVICES/postgres/data" -l "$SERVICES/postgres/log" -w -t 30 start \
                -o "-p $port -c listen_addresses=127.0.0.1 -k $SERVICES/postgres -c fsync=off -c max_connections=200" >/dev/null
    ) || {
        cat "$SERVICES/initdb.log" "$SERVICES/postgres/log" >&2
        return 1
    }
    POSTGRES_BIN=$bin
    export TOLLGATE_TEST_POSTGRES_URL="postgres://postgres@127.0.0.1:$port/postgres"
}

start_redis() {
    local port
    port=$(free_port)
    redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$SERVICES" >"$SERVICES/redis.log" 2>&1 &
    REDIS=$!
    export TOLLGATE_TEST_REDIS_URL="redis://127.0.0.1:$port"
    for _ in $(seq 100); do
        redis-cli -p "$port" ping >/dev/null 2>&1 && return
        sleep 0.05
    done
    cat "$SERVICES/redis.log" >&2
    return 1
}

stop_services() {
    [ -n "$SERVICES" ] || return 0
    [ -n "${REDIS:-}" ] && kill "$REDIS" 2>/dev/null && wait "$REDIS" 2>/dev/null
    [ -n "${POSTGRES_BIN:-}" ] && (cd / && as_postgres "$POSTGRES_BIN/pg_ctl" -D "$SERVICES/postgres/data" -m immediate -w stop >/dev/null)
    rm -rf "$SERVICES"
    SERVICES=''
}
