#!/usr/bin/env bash
# Runs Winnow and its rivals by turns on the same weights and batches, and prints the ratios of their
# times with their spread. It checks that the loss curves agree before it compares times, and says
# when the machine was busy.
#
#   tests/bench/rivals.sh --install            install the rivals (about 7 GB) and end
#   tests/bench/rivals.sh [--quick] [--json FILE] [--only TEXT] [--threads N] [--list]
#
# Programs come from build/release/bin (WINNOW_BIN_DIR), configured with -DWINNOW_BUILD_BENCH=ON.
# Rivals live in build/rivals (WINNOW_RIVALS); without them everything is skipped. WINNOW_RIVALS_SA
# names a folder that holds Google's package `sequential_attention`; without it the comparison with
# it is skipped. Training data of the cases is made in a temporary folder (TMPDIR, 0.5 GB).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
rivals=${WINNOW_RIVALS:-$here/../../build/rivals}
python=$rivals/venv/bin/python

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
  exit 0
fi
if [[ ${1:-} == --install ]]; then
  mkdir -p "$rivals"
  python3 -m venv "$rivals/venv"
  "$python" -m pip install --quiet -r "$here/rivals/requirements.txt"
  "$python" -c 'import torch; print("torch", torch.__version__)'
  exit 0
fi
if [[ ! -x $python ]] || ! "$python" -c 'import torch' 2>/dev/null; then
  echo "skipped: no rivals in $rivals; tests/bench/rivals.sh --install brings them"
  exit 0
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/winnow-rivals-XXXXXX")
trap 'rm -rf "$folder"' EXIT
PYTHONPATH=$here/.. "$python" -m bench.rivals.run --folder "$folder" "$@"
