# Sourced by the launchers here. Finds Java 25 and the benchmarks' jar; sets bench, root, java, jar and commit.
bench=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
root=$(dirname "$bench")
jar="$bench/target/benchmarks.jar"

fail() {
  echo "$(basename "$0"): $1" >&2
  exit 69
}

java=""
for candidate in "${JAVA_HOME:-/nonexistent}/bin/java" "$(command -v java || true)" /usr/lib/jvm/*/bin/java; do
  [ -x "$candidate" ] || continue
  version=$("$candidate" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  if [ "${version:-0}" -ge 25 ]; then
    java=$candidate
    break
  fi
done
[ -n "$java" ] || fail "no Java 25 was found (JAVA_HOME, the PATH, /usr/lib/jvm): install a JDK 25"
[ -f "$jar" ] || fail "there is no $jar: run 'mvn -B -DskipTests install' in $root, then 'mvn -B package' in $bench"

commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
git -C "$root" diff --quiet HEAD -- src native cuda bench/src 2>/dev/null || commit="$commit, modified"
