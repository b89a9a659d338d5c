#!/usr/bin/env bash
# Writes the Java bindings of native/include/angulus.h (package org.angulus.device.ffi) and the hash of the header they were made from.
# Run it after every change of the header and commit what it writes. Needs jextract on the PATH.
# A new function, struct or constant needs its line in tools/bindings.includes: the script refuses a list that does not match the header.
set -euo pipefail
cd "$(dirname "$0")/.."
header=native/include/angulus.h
includes=tools/bindings.includes
package=org.angulus.device.ffi
sources=src/main/java/org/angulus/device/ffi
hash=src/main/resources/org/angulus/device/ffi/angulus.h.sha256

command -v jextract >/dev/null || {
  echo "bindings.sh: jextract is not on the PATH: build it from the OpenJDK project's sources" >&2
  exit 69
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The header's own names, without the opaque handles (they have no layout to bind) and the typedefs of plain numbers.
jextract --dump-includes "$scratch/all" --target-package "$package" --output "$scratch/ignored" "$header" 2>/dev/null || true
awk '/angulus\.h$/ && /^--include-(constant|function|struct) / { print $1, $2 }' "$scratch/all" |
  grep -vE ' ag_(device|graph)$' | LC_ALL=C sort >"$scratch/expected"
grep -v '^#' "$includes" | LC_ALL=C sort >"$scratch/listed"
if ! diff "$scratch/expected" "$scratch/listed" >"$scratch/difference"; then
  echo "bindings.sh: $includes does not list what $header declares (< missing, > no longer there):" >&2
  grep '^[<>]' "$scratch/difference" >&2
  exit 65
fi

grep -v '^#' "$includes" >"$scratch/arguments"
jextract --target-package "$package" --header-class-name Angulus --output "$scratch/out" "@$scratch/arguments" "$header"
mkdir -p "$sources" "$(dirname "$hash")"
find "$sources" -name '*.java' ! -name package-info.java -delete
cp "$scratch/out/org/angulus/device/ffi/"*.java "$sources/"
sha256sum "$header" | cut -d ' ' -f 1 >"$hash"
echo "bindings.sh: wrote $(find "$sources" -name '*.java' | wc -l) files of $sources"
