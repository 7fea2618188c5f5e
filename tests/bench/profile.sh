#!/usr/bin/env bash
# Where the time of a training step goes, by group of functions.
#
#   tests/bench/profile.sh [--case mlp|dlrm|dlrm_lazy_adam] [--mask 0|1] [--precision f32|bf16]
#                          [--threads N] [--seconds N] [--symbols]
#
# Defaults: dlrm, mask 1, f32, 1 thread, 10 seconds. --symbols prints every function above 0.5 %.
# Needs perf (Debian: linux-perf) and bench_step_driver in build/release/bin (WINNOW_BIN_DIR), and
# numpy in the interpreter that makes the case (WINNOW_PYTHON, default build/venv/bin/python).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$here/../..
driver=${WINNOW_BIN_DIR:-$repo/build/release/bin}/bench_step_driver
python=${WINNOW_PYTHON:-$repo/build/venv/bin/python}
case=dlrm mask=1 precision=f32 threads=1 seconds=10 symbols=

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }
while (($#)); do
  case $1 in
    --case | --mask | --precision | --threads | --seconds)
      [[ $# -ge 2 ]] || { echo "profile.sh: $1 needs a value" >&2; exit 2; }
      declare "${1#--}=$2"
      shift 2
      ;;
    --symbols) symbols=1; shift ;;
    --help | -h) usage; exit 0 ;;
    *) echo "profile.sh: no option $1" >&2; usage >&2; exit 2 ;;
  esac
done
command -v perf >/dev/null || { echo "skipped: no perf; Debian has it in linux-perf"; exit 0; }
[[ -x $driver ]] || { echo "profile.sh: $driver is missing: build with -DWINNOW_BUILD_BENCH=ON" >&2; exit 1; }

folder=$(mktemp -d "${TMPDIR:-/tmp}/winnow-profile-XXXXXX")
trap 'rm -rf "$folder"' EXIT
PYTHONPATH=$here/.. "$python" - "$case" "$folder" <<'PYTHON'
import sys
from pathlib import Path

from bench.rivals import cases

known = {case.name: case for case in (cases.MLP, cases.CLICKS, cases.LAZY, cases.DENSE_ADAM)}
if sys.argv[1] not in known:
    raise SystemExit(f"profile.sh: no case {sys.argv[1]}; there are {', '.join(known)}")
cases.write(known[sys.argv[1]], Path(sys.argv[2]))
PYTHON

# The driver loads and warms up before perf looks at it; it ends when its input does.
mkfifo "$folder/commands"
"$driver" "$folder/$case" "threads=$threads" "mask=$mask" "precision=$precision" \
  <"$folder/commands" >"$folder/answers" &
child=$!
exec 3>"$folder/commands"
echo "curve 20" >&3
until [[ -s $folder/answers ]] && grep -q '^curve' "$folder/answers"; do
  kill -0 "$child" 2>/dev/null || { echo "profile.sh: the driver ended" >&2; exit 1; }
  sleep 0.1
done
# More steps than fit: perf's time decides, then the driver is ended.
echo "time 100000000" >&3
perf record -q -e cpu-clock -F 999 -o "$folder/perf.data" -p "$child" -- sleep "$seconds" || true
kill "$child"
exec 3>&-
wait "$child" 2>/dev/null || true
perf report -i "$folder/perf.data" --stdio --no-children -F overhead,symbol 2>/dev/null |
  grep -E '^ +[0-9]' >"$folder/symbols" || { echo "profile.sh: perf saw nothing" >&2; exit 1; }

echo "$case, mask $mask, $precision, $threads threads: share of samples"
awk '
  function group(name) {
    if (name ~ /RunPanelProduct|RunGradientProduct|PanelTile|ProductTile|GradientTile|NarrowTile|CopyRows|PackedMatrix|PackedHalf|PackRows|PackColumns|WeightGradient|RoundTwoRows|RoundRows|NarrowForward|NarrowBackward|DotForward|BlockProduct|BlockGradient|jit|brgemm|sgemm/)
      return "GEMM and packing"
    if (name ~ /GatherEmbedding|Fill\(|memcpy|memmove/) return "gather"
    if (name ~ /MergeEmbedding|OptimizerUpdateRows|UpdateTable|UpdateRow/) return "row update"
    if (name ~ /OptimizerUpdate|UpdateRows/) return "dense optimizer"
    if (name ~ /FoldRows|FoldTile|RowSums|BlockSums|MaskGradient|Softmax(Over|Gradient|Mask)|GateLogits|RunAdam|ExpBlock|Deviations|AddProducts/) return "mask"
    if (name ~ /Interaction/) return "interaction"
    if (name ~ /ShardPool|futex|sched|\[k\]/) return "threads and kernel"
    return "other"
  }
  { share = $1; sub(/%/, "", share); $1 = ""; total[group($0)] += share }
  END { for (g in total) printf "%6.1f %%  %s\n", total[g], g }
' "$folder/symbols" | sort -rn
if [[ -n $symbols ]]; then
  awk '{share = $1; sub(/%/, "", share); if (share + 0 >= 0.5) print}' "$folder/symbols" | cut -c1-140
fi
