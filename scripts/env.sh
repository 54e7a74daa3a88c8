# Sourced by the other scripts: where tools are kept, and small words for talking and failing.
# shellcheck shell=bash

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Tools are kept outside `target/`, so that `cargo clean` and fresh clones do not build them again.
FOURNIL_CACHE=${FOURNIL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/fournil}
TOOLS=$FOURNIL_CACHE/tools
mkdir -p "$TOOLS/bin"
export FOURNIL_CACHE
# rustup's default place is added because a shell started before its installation does not have it.
export PATH="$TOOLS/bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

TRUNK_VERSION=0.21.14

say() { printf '%s\n' "fournil: $*" >&2; }

fail() {
  say "$@"
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# The version of a crate in Cargo.lock.
locked_version() {
  awk -v name="\"$1\"" '$1 == "name" { found = $3 == name } found && $1 == "version" { gsub(/"/, "", $3); print $3; exit }' Cargo.lock
}

# at_least 1.96.0 1.95: is the first version as new as the second?
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# Where cargo builds, as an absolute path.
target_dir() {
  cargo metadata --no-deps --format-version 1 --offline 2>/dev/null | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p'
}

apt_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# apt_need PACKAGE…: installs what is missing, or says what to type.
apt_need() {
  local missing=() package
  if have dpkg-query; then
    for package in "$@"; do apt_installed "$package" || missing+=("$package"); done
  else
    missing=("$@")
  fi
  [ ${#missing[@]} -eq 0 ] && return 0
  local order="apt-get install --no-install-recommends ${missing[*]}"
  have apt-get || fail "please install what Debian calls: ${missing[*]}"
  [ "$(id -u)" = 0 ] || fail "please type: sudo $order"
  say "installing ${missing[*]}"
  local log=$FOURNIL_CACHE/apt.log
  if ! DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 </dev/null; then
    apt-get update >"$log" 2>&1 </dev/null || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null ||
      { tail -n 15 "$log" >&2; fail "apt-get failed (its output is in $log); please type: $order"; }
  fi
}

# Tools are run now and then, so they are compiled fast rather than to be fast.
TOOL_PROFILE=(
  CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
  CARGO_PROFILE_RELEASE_DEBUG=0
)

# cargo_tool PROGRAM CRATE [VERSION]: installs a program of crates.io into the cache.
cargo_tool() {
  local program=$1 crate=$2 version=${3:-} start=$SECONDS
  local install=(cargo install "$crate" --root "$TOOLS" ${version:+--version "$version"} --force)
  local log=$FOURNIL_CACHE/install-$crate.log
  say "installing $crate${version:+ $version} (a few minutes; its output is in $log)"
  (
    cd "$TOOLS" # Away from this package's own cargo settings.
    export CARGO_TARGET_DIR=$FOURNIL_CACHE/tools-build "${TOOL_PROFILE[@]}"
    # A locked crate can be missing from a registry's mirror; then the newest that fits is as good.
    "${install[@]}" --locked || "${install[@]}"
  ) >"$log" 2>&1 </dev/null || { tail -n 15 "$log" >&2; fail "could not install $crate; please type: ${install[*]} --locked"; }
  have "$program" || fail "$crate was installed, but $program is not on PATH"
  say "installed $crate in $((SECONDS - start)) s"
}

# Only one set-up at a time: several checkouts share the cache.
lock_cache() {
  have flock || return 0
  exec 9>"$FOURNIL_CACHE/lock"
  flock -n 9 || { say "waiting for another set-up to end"; flock 9; }
}

unlock_cache() { have flock && exec 9>&- || true; }
