#!/usr/bin/env bash
# Reruns the feature selection of the Sequential Attention paper (67 hidden units, k = 50, 12.5 % of
# the training rows for validation) with every selector of Winnow and prints our table beside the
# paper's; then the sets whose truth or goal is known. feature_selection.py says what is measured.
#
#   tests/paper/feature_selection.sh [--only DATASET[/SELECTOR] ...] [--seeds N] [--json FILE]
#                                    [--threads N] [--lanes N] [--list] [--report]
#
# Programs come from build/release/bin (WINNOW_BIN_DIR), data sets from ../shared/data beside the
# repository (WINNOW_DATA); a data set that is not there is skipped. FILE keeps every job's figures:
# a second run with the same programs measures only what is missing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PYTHONPATH=$here/.. exec "$here/../../build/venv/bin/python" -m paper.feature_selection "$@"
