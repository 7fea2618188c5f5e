"""What the main job must show, measured through the command line on real data.

    tests/acceptance/run.py [--only NAME ...] [--json FILE]

Needs the built programs (WINNOW_BIN_DIR, default build/release/bin), the data sets (WINNOW_DATA,
default ../shared/data beside the repository) and pyarrow and numpy (build/venv/bin/python). Prints
one line a claim with what was measured; the exit status is 1 if a claim does not hold.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from claims import claims
from claims_adult import adult_dimensions, adult_features, adult_redundancy
from claims_budgets import budgets
from claims_mnist import mnist_blocks, mnist_features
from claims_training import precision, warm_start
from claims_truth import dna_splice, madelon, xor
from claims_unseen import unseen
from session import Session

GROUPS: dict[str, Callable[[Session], None]] = {
    "adult": adult_features,
    "redundancy": adult_redundancy,
    "splice": dna_splice,
    "dimensions": adult_dimensions,
    "budgets": budgets,
    "blocks": mnist_blocks,
    "mnist": mnist_features,
    "madelon": madelon,
    "precision": precision,
    "xor": xor,
    "unseen": unseen,
    "warm": warm_start,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(GROUPS), help="these groups alone")
    parser.add_argument("--threads", type=int, default=1, help="of a job; default 1")
    parser.add_argument("--json", type=Path, help="write the claims to this file")
    options = parser.parse_args()
    for name in options.only or GROUPS:
        with Session(options.threads) as session:
            GROUPS[name](session)
    if options.json:
        options.json.write_text(json.dumps(claims, indent=2) + "\n")
    return 0 if all(entry["holds"] for entry in claims) else 1


if __name__ == "__main__":
    sys.exit(main())
