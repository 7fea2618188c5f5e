#!/bin/bash
# Builds the fuzz targets and runs each for some time on a kept corpus.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: tests/fuzz/run.sh [--seconds N] [--target NAME]... [--jobs N] [--list] [--help]

Runs the fuzz targets (tests/fuzz/*_fuzz.cc) one after the other with AddressSanitizer and
UndefinedBehaviorSanitizer, and prints a line for each: executions, edges covered, inputs of the corpus,
findings. The exit status is 1 if there was one.

  --seconds N    time of each target (default 60)
  --target NAME  only this one; may be repeated
  --jobs N       processes that build (default: one per processor)
  --list         print the names of the targets

What a target learns is kept in build/fuzz-corpus/NAME and used the next time; an input that fails is
kept in build/fuzz-findings, beside the log that says how. Give it a name in tests/fuzz/seeds/NAME
(found-…) once it is understood: the unit tests fuzz_replay and fuzz_replay_files run those on every build.

Needs clang++ 14 or later with libFuzzer; on Debian 12: apt-get install clang-14 libclang-rt-14-dev.
TEXT
}

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build="${WINNOW_FUZZ_BUILD:-build/fuzz}"
corpora="${WINNOW_FUZZ_CORPUS:-build/fuzz-corpus}"
findings="${WINNOW_FUZZ_FINDINGS:-build/fuzz-findings}"
seconds=60
jobs="$(nproc)"
targets=()

all_targets() {
  local file
  for file in tests/fuzz/*_fuzz.cc; do basename "$file" _fuzz.cc; done
}

while (($#)); do
  case "$1" in
    --seconds) seconds="${2:?--seconds needs a number}"; shift ;;
    --target) targets+=("${2:?--target needs a name}"); shift ;;
    --jobs) jobs="${2:?--jobs needs a number}"; shift ;;
    --list) all_targets; exit 0 ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; printf 'run.sh: unknown argument: %s\n' "$1" >&2; exit 2 ;;
  esac
  shift
done
((${#targets[@]})) || mapfile -t targets < <(all_targets)
for target in "${targets[@]}"; do
  [[ -f "tests/fuzz/${target}_fuzz.cc" ]] ||
    { printf 'run.sh: there is no target %s; --list names them\n' "$target" >&2; exit 2; }
done

# The compiler, and with it libFuzzer: found by linking an empty target.
find_compiler() {
  local name probe
  probe="$(mktemp -d)"
  trap 'rm -rf "$probe"' RETURN
  printf 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }\n' \
    >"$probe/probe.cc"
  for name in "${CLANGXX:-clang++}" clang++-{20,19,18,17,16,15,14}; do
    command -v "$name" >/dev/null || continue
    if "$name" -fsanitize=fuzzer,address "$probe/probe.cc" -o "$probe/probe" 2>"$probe/log"; then
      printf '%s\n' "$name"
      return
    fi
    printf 'run.sh: %s cannot link libFuzzer: %s\n' "$name" "$(tail -n 1 "$probe/log")" >&2
  done
  printf 'run.sh: %s\n' "no clang++ with libFuzzer; on Debian 12: apt-get install clang-14 libclang-rt-14-dev" >&2
  return 2
}

compiler="$(find_compiler)"
mkdir -p "$corpora" "$findings"
cmake --preset fuzz -B "$build" -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_C_COMPILER="${compiler/clang++/clang}" >"$findings/configure.log" 2>&1 ||
  { cat "$findings/configure.log"; exit 1; }
cmake --build "$build" -j "$jobs" --target "${targets[@]/#/fuzz_}" -- --quiet

# stat LOG NAME: a figure of libFuzzer's last lines.
stat() { sed -n "s/^stat::$2: *//p" "$1" | tail -n 1; }

# Files of inputs live for a moment: not on a disk, which an import would wait for.
[[ -w /dev/shm ]] && export TMPDIR="${TMPDIR:-/dev/shm}"

status=0
printf '%-16s %8s %12s %8s %8s %9s\n' target seconds executions edges corpus findings
for target in "${targets[@]}"; do
  log="$findings/$target.log"
  mkdir -p "$corpora/$target"
  seeds=()
  [[ -d "tests/fuzz/seeds/$target" ]] && seeds=("tests/fuzz/seeds/$target")
  found=0
  "$build/bin/fuzz_$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 \
    -print_final_stats=1 -artifact_prefix="$findings/$target-" "$corpora/$target" "${seeds[@]}" \
    >"$log" 2>&1 || { found=1; status=1; }
  edges="$(grep -oE 'cov: [0-9]+' "$log" | tail -n 1 | cut -d' ' -f2)"
  printf '%-16s %8d %12s %8s %8s %9d\n' "$target" "$seconds" \
    "$(stat "$log" number_of_executed_units)" "${edges:--}" \
    "$(find "$corpora/$target" -type f | wc -l)" "$found"
  ((!found)) || grep -E 'ERROR|runtime error|does not hold|Test unit written' "$log" || true
done
exit $status
