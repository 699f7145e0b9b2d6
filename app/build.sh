#!/bin/sh
# Builds the dashboard's wasm into target/site/pkg, from where the server's build takes it. Fails when it has grown above
# what a page may weigh.
set -eu
cd "$(dirname "$0")/.."

version=$(sed -n 's/^wasm-bindgen = "=\(.*\)"$/\1/p' Cargo.toml)
found=$(wasm-bindgen --version 2>/dev/null | cut -d' ' -f2 || true)
if [ "$found" != "$version" ]; then
    echo "wasm-bindgen $version is needed (found: ${found:-none}): cargo install wasm-bindgen-cli --version $version" >&2
    exit 1
fi

target=${TOLLGATE_WASM_TARGET_DIR:-target/wasm}
out=target/site/pkg
cargo build --package tollgate-app --lib --target wasm32-unknown-unknown --no-default-features --features hydrate \
    --profile wasm-release --target-dir "$target"
rm -rf "$out.new"
# wasm-opt would add nothing: what is sent compressed would be as large as it is now.
wasm-bindgen --target web --no-typescript --remove-name-section --remove-producers-section --out-name tollgate \
    --out-dir "$out.new" "$target/wasm32-unknown-unknown/wasm-release/tollgate_app.wasm"
# Compressed once here, so that no request waits for it.
node -e '
const fs = require("fs"), zlib = require("zlib"), path = require("path");
const most = 350_000;
for (const name of ["tollgate.js", "tollgate_bg.wasm"]) {
  const file = path.join(process.argv[1], name);
  const small = zlib.brotliCompressSync(fs.readFileSync(file), { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11 } });
  fs.writeFileSync(file + ".br", small);
  console.log(`${name}: ${fs.statSync(file).size} bytes, ${small.length} compressed`);
  if (small.length > most) {
    console.error(`${name} may have at most ${most} bytes, compressed.`);
    process.exitCode = 1;
  }
}' "$out.new"
rm -rf "$out"
mv "$out.new" "$out"
