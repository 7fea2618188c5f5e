#!/bin/bash
# From a fresh checkout to a finished selection: installs, builds, starts a private server, runs, shows.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: deploy/demo.sh [--no-setup] [--seeds N] [--help]

Installs what is missing (deploy/setup.sh), builds the three programs, starts a private server on a Unix
socket, imports the bundled UCI Adult table (48,842 people, 14 features), chooses 6 features with
Sequential Attention while you watch, prints the picks with scores, the quality against size and the
controls, and writes build/demo/report.html. The server and its data are gone afterwards.

  --no-setup   install nothing
  --seeds N    run seeds 1 to N (default 3)
  --help       this text
TEXT
}

repo="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
release="$repo/build/release"
output="$repo/build/demo"
data="$repo/tests/data/adult"
seeds=3
run_setup=true
while (($#)); do
  case "$1" in
    --no-setup) run_setup=false ;;
    --seeds)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || { usage >&2; exit 2; }
      seeds="$2"
      shift
      ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; printf 'demo.sh: unknown argument: %s\n' "$1" >&2; exit 2 ;;
  esac
  shift
done

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }

if $run_setup; then
  step "1. What is missing"
  "$repo/deploy/setup.sh"
fi

step "2. Build (the first time takes some minutes)"
mkdir -p "$output"
cd "$repo"
cmake --preset release >"$output/configure.log" 2>&1 || { cat "$output/configure.log"; exit 1; }
cmake --build "$release" -j "$(nproc)" --target winnow winnowd winnow-worker

step "3. A private server"
scratch="$(mktemp -d)"
socket="unix:$scratch/winnow.sock"
"$release/bin/winnowd" --listen="$socket" --http=off --data_dir="$scratch/data" >"$output/winnowd.log" 2>&1 &
server=$!
stop_server() {
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  rm -rf "$scratch"
}
trap stop_server EXIT
export WINNOW_SERVER="$socket"
winnow="$release/bin/winnow"
for _ in $(seq 100); do
  "$winnow" jobs --json >/dev/null 2>&1 && break
  kill -0 "$server" 2>/dev/null || { cat "$output/winnowd.log" >&2; exit 1; }
  sleep 0.1  # between attempts to connect
done
printf 'winnowd listens on %s\n' "$socket"

step "4. Import UCI Adult"
"$winnow" dataset import "$data/adult.data.gz" --test-file "$data/adult.test.gz" \
  --schema "$data/schema.yaml" --id adult

rm -f "$output"/result-[0-9]*.json
for seed in $(seq "$seeds"); do
  step "5. Choose 6 of 14 features, seed $seed"
  job="$("$winnow" submit "$data/job.yaml" --watch --set "training.seed=$seed" | tail -n 1)"
  "$winnow" result "$job" --json >"$output/result-$seed.json"
  ((seed > 1)) || "$winnow" result "$job"
done

step "6. All seeds"
python3 "$repo/client/python/winnow/report.py" "$output"/result-[0-9]*.json \
  -o "$output/report.html" --summary
printf '\nThe report: %s\n' "$output/report.html"
