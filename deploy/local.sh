#!/usr/bin/env bash
# Builds Tollgate and runs it for a look: SQLite and a generated master key in ./data, on the loopback address.
set -euo pipefail
cd "$(dirname "$0")/.."
. .ci/lib.sh

PORT=${PORT:-4000}
DATA=${TOLLGATE_DATA_DIR:-$PWD/data}
URL=http://127.0.0.1:$PORT
# Optimised, but linked faster than a release.
PROFILE=quick
BINARY=${CARGO_TARGET_DIR:-target}/$PROFILE/tollgate

need_rust
need_node
have curl || fail "curl is missing: install it with your system's packages."
if curl -s -o /dev/null --noproxy '*' --max-time 2 "$URL/"; then
    fail "Something listens on port $PORT already. Choose another: make run PORT=4100"
fi
need_wasm
say "Building the dashboard"
app/build.sh
say "Building the server (the first time takes some minutes)"
cargo build --profile $PROFILE -p tollgate

mkdir -p "$DATA"
chmod 700 "$DATA"
umask 077
random() { od -An -tx1 -N32 /dev/urandom | tr -d ' \n'; }
if [ -z "${TOLLGATE_MASTER_KEY:-}" ]; then
    [ -s "$DATA/master-key" ] || printf 'sk-%s' "$(random)" >"$DATA/master-key"
    TOLLGATE_MASTER_KEY=$(cat "$DATA/master-key")
    MASTER_KEY_PLACE="in $DATA/master-key"
fi
export TOLLGATE_MASTER_KEY

"$BINARY" --host 127.0.0.1 --port "$PORT" --data-dir "$DATA" &
SERVER=$!
# Ctrl-C reaches the server too: it lets the calls in flight end.
trap 'kill "$SERVER" 2>/dev/null || true; wait "$SERVER" || true; exit 0' INT TERM

call() { curl -s --noproxy '*' --max-time 10 "$@"; }
tries=0
until call -f -o /dev/null "$URL/health/readiness"; do
    kill -0 "$SERVER" 2>/dev/null || fail "The server ended. What it says above tells why."
    tries=$((tries + 1))
    [ $tries -lt 300 ] || fail "The server isn't ready after 30 s. What it says above may tell why."
    sleep 0.1
done

# A virtual key for the first call, kept for the next start.
KEY=$(cat "$DATA/example-key" 2>/dev/null || true)
if [ -z "$KEY" ] || ! call -f -o /dev/null "$URL/v1/models" -H "Authorization: Bearer $KEY"; then
    answer=$(call "$URL/key/generate" -H "Authorization: Bearer $TOLLGATE_MASTER_KEY" \
        -H 'Content-Type: application/json' -d '{"metadata": {"made_by": "make run"}}')
    KEY=$(printf '%s' "$answer" | sed -n 's/.*"key" *: *"\(sk-[^"]*\)".*/\1/p')
    [ -n "$KEY" ] || fail "No virtual key could be made: $answer"
    printf '%s' "$KEY" >"$DATA/example-key"
fi

cat <<END

${BOLD}Tollgate is ready.${PLAIN}

  1. Call a model. The simulator needs no provider:

curl $URL/v1/chat/completions \\
  -H 'Authorization: Bearer $KEY' \\
  -H 'Content-Type: application/json' \\
  -d '{"model": "simulator/echo", "messages": [{"role": "user", "content": "Hello"}]}'

  2. See it, with its cost: $URL/ui/requests
     The first time, make yourself administrator with the one-time link that the server printed above.

  3. Use a real provider: describe it in a config.yaml (LiteLLM's form) and start again with
     TOLLGATE_CONFIG=config.yaml make run

  The master key for the management API is ${MASTER_KEY_PLACE:-the one in TOLLGATE_MASTER_KEY}.
  Ctrl-C ends it.

END
wait "$SERVER"
