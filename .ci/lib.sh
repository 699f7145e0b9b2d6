# Helpers for the scripts of the repository. Sourced from its root.
# shellcheck shell=bash

if [ -t 1 ]; then BOLD=$'\e[1m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'; else BOLD='' RED='' GREEN='' PLAIN=''; fi

say() { printf '%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }

fail() {
    printf '%s%s%s\n' "$RED" "$*" "$PLAIN" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Debian keeps some daemons where users' PATH doesn't look.
export PATH="$PWD/target/tools/bin:$PATH:/usr/sbin:/sbin"

# debian_packages COMMAND=PACKAGE...: installs the packages whose command is missing, or says how.
debian_packages() {
    local pair missing=()
    for pair in "$@"; do
        have "${pair%%=*}" || missing+=("${pair##*=}")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" = 0 ] && have apt-get; then
        say "Installing ${missing[*]}"
        apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null ||
            { apt-get update -q && apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null; } ||
            fail "Couldn't install ${missing[*]}."
    else
        fail "Missing: ${missing[*]}. On Debian and Ubuntu: sudo apt-get install ${missing[*]}"
    fi
}

need_rust() {
    have cargo || fail "Rust is missing. Install it from https://rustup.rs, open a new shell, and try again."
    have cc || fail "A C compiler is missing. On Debian and Ubuntu: sudo apt-get install build-essential"
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    found=$(cargo --version | cut -d' ' -f2)
    [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n1)" = "$wanted" ] ||
        fail "Rust $wanted or newer is needed, and this is $found. Run: rustup update stable"
}

# What the dashboard's browser half is built with.
need_wasm() {
    if have rustup; then
        rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
    elif [ ! -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ]; then
        fail "The target wasm32-unknown-unknown is missing. Install Rust with https://rustup.rs, or your system's package for it."
    fi
    # The command line tool must be of exactly the library's version.
    local wanted
    wanted=$(sed -n 's/^wasm-bindgen = "=\(.*\)"/\1/p' Cargo.toml)
    [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $wanted" ] && return
    say "Installing wasm-bindgen $wanted into target/tools (once)"
    cargo install wasm-bindgen-cli --version "$wanted" --root target/tools --target-dir target/tools-build ||
        fail "Couldn't install wasm-bindgen-cli $wanted."
}

need_node() {
    have node || fail "Node.js is missing: version 20 or newer, from https://nodejs.org or your system's packages."
    [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || fail "Node.js 20 or newer is needed; this is $(node --version)."
}
