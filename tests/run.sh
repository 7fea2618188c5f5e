#!/bin/bash
# Installs what is missing, builds, and runs the whole fast test suite.
set -uo pipefail

usage() {
  cat <<'TEXT'
Usage: tests/run.sh [--quick] [--filter TEXT] [--no-setup] [--help]

Installs what is missing (deploy/setup.sh), builds build/release, and runs: the form checks, the unit
tests, the unit tests once more with AddressSanitizer and UndefinedBehaviorSanitizer where memory is
handled by hand, the fuzz targets that read files on their kept inputs among them, the Python tests, and
the integration tests against the built programs. The last line counts the tests of all of them; the
exit status is 0 only if none failed.

  --quick        without the sanitizers
  --filter TEXT  only test programs (such as unit_kernels_data) and Python tests whose name has TEXT;
                 without the form checks and the sanitizers
  --no-setup     install nothing
  --help         this text

WINNOW_DATA names the folder of the real data sets (default: ../shared/data beside the repository);
tests that need one are skipped where it is absent. Can be run again at any time.
TEXT
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
repo="$PWD"
release="$repo/build/release"
asan="$repo/build/asan"
venv="$repo/build/venv"
results="$repo/build/test-results"
jobs="$(nproc)"
export WINNOW_BIN_DIR="$release/bin"
export WINNOW_DATA="${WINNOW_DATA:-$(realpath -m "$repo/../shared/data")}"

# Where memory is handled by hand or shared between threads.
asan_programs=(kernels_base kernels_data kernels_data_import server_domain server_store server_sched)

quick=false
filter=""
run_setup=true
while (($#)); do
  case "$1" in
    --quick) quick=true ;;
    --filter)
      (($# >= 2)) || { usage >&2; exit 2; }
      filter="$2"
      shift
      ;;
    --no-setup) run_setup=false ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; printf 'run.sh: unknown argument: %s\n' "$1" >&2; exit 2 ;;
  esac
  shift
done

# stage NAME COMMAND...: runs a part of the suite, says how long it took; its status is the command's.
stage() {
  local name="$1" start=$SECONDS status=0
  shift
  printf '\n=== %s\n' "$name"
  "$@" || status=$?
  local how=done
  ((status)) && how=FAILED
  # pytest's word for "no test has the filter's text in its name"
  ((status == 5)) && [[ -n "$filter" && " $* " == *" pytest "* ]] && how="no such test"
  printf '=== %s: %s, %d s\n' "$name" "$how" $((SECONDS - start))
  return $status
}

# check NAME COMMAND...: a stage that counts as one test.
check() {
  if stage "$@"; then
    record passed "$1"
  else
    record failed "$1"
    return 1
  fi
}

# For tests/support/summarize.py: how a check or a runner ended.
record() { (IFS=$'\t'; printf '%s\n' "$*" >>"$results/stages.tsv"); }

own_sources() { git ls-files -z --cached --others --exclude-standard -- "$@"; }

# Names the files and how many places each has; `build/venv/bin/clang-format -i FILE` mends them.
cpp_format() {
  own_sources '*.cc' '*.h' | xargs -0 -r "$venv/bin/clang-format" --dry-run 2>&1 |
    { ! grep -oE '^[^ :]+:.*code should be clang-formatted'; } | cut -d: -f1 | uniq -c
}

python_format() {
  "$venv/bin/ruff" check --quiet . && "$venv/bin/ruff" format --quiet --diff .
}

python_types() { own_sources '*.py' | xargs -0 -r "$venv/bin/mypy"; }

# The contract's Python modules, for tests straight from the checkout.
python_messages() { "$venv/bin/python" client/python/build_backend.py; }

shell_syntax() {
  local file status=0
  while IFS= read -r -d '' file; do
    bash -n "$file" || status=1
  done < <(own_sources '*.sh' .ci/run)
  return $status
}

# configure PRESET: silent unless it fails.
configure() {
  cmake --preset "$1" >"$results/configure-$1.log" 2>&1 ||
    { cat "$results/configure-$1.log"; return 1; }
}

build() { configure release && cmake --build "$release" -j "$jobs" -- --quiet; }

contract_form() { cmake --build "$release" --target proto_lint -- --quiet; }

# unit NAME BUILD_DIR [CTEST-OPTION...]: runs ctest; its results are counted test by test.
unit() {
  local name="$1" dir="$2" status=0
  shift 2
  rm -rf "$dir/test-results"
  stage "$name" ctest --test-dir "$dir" -j "$jobs" --no-tests=error "$@" --output-on-failure \
    --output-junit "$results/$(basename "$dir").xml" || status=$?
  record ctest "$name" $status "$results/$(basename "$dir").xml" "$dir/test-results"
}

sanitized_unit() {
  configure asan || return
  local known targets=() program
  known="$(cmake --build "$asan" --target help)"
  for program in "${asan_programs[@]}"; do
    grep -q "^unit_$program:" <<<"$known" && targets+=("unit_$program")
  done
  grep -q "^fuzz_replay_files:" <<<"$known" && targets+=(fuzz_replay_files)
  cmake --build "$asan" -j "$jobs" --target "${targets[@]}" -- --quiet
}

# python_tests NAME FOLDER...: runs pytest on those of the folders that are there.
python_tests() {
  local name="$1" folder folders=() status=0
  shift
  for folder in "$@"; do
    [[ -d "$folder" ]] && folders+=("$folder")
  done
  ((${#folders[@]})) || return 0
  local report="$results/pytest-$(basename "${folders[0]}").xml"
  stage "$name" "$venv/bin/python" -m pytest -q --junitxml="$report" ${filter:+-k "$filter"} \
    "${folders[@]}" || status=$?
  record pytest "$name" $status "$report"
}

finish() {
  python3 "$repo/tests/support/summarize.py" "$results/stages.tsv" "$SECONDS"
  exit
}

rm -rf "$results"
mkdir -p "$results"
: >"$results/stages.tsv"

if $run_setup; then
  check "set-up" deploy/setup.sh || finish
fi
check "messages of the Python client" python_messages
check "messages of the Python client" "$venv/bin/python" client/python/build_backend.py || finish
if [[ -z "$filter" ]]; then
  check "form of C++ (clang-format)" cpp_format
  check "form of Python (ruff)" python_format
  check "types of Python (mypy)" python_types
  check "syntax of shell scripts" shell_syntax
fi
check "build" build || finish
if [[ -z "$filter" && -x "$repo/build/node/node_modules/.bin/buf" ]]; then
  check "form of the contract (buf)" contract_form
elif [[ -z "$filter" ]]; then
  record skipped "form of the contract" "buf is not there; deploy/setup.sh installs it where npm is"
fi
unit "unit tests" "$release" ${filter:+-R "$filter" --no-tests=ignore}
if ! $quick && [[ -z "$filter" ]]; then
  if check "build with sanitizers" sanitized_unit; then
    unit "unit tests with sanitizers" "$asan" \
      -R "^(unit_($(IFS='|'; echo "${asan_programs[*]}"))|fuzz_replay_files)$"
  fi
fi
python_tests "Python tests" tests/python client/python
python_tests "integration tests" tests/integration
finish
