"""Peak memory of importing a CSV of 2 GB that holds a column of a million distinct strings.

    tests/acceptance/import_memory.py [--gigabytes 2]

Prints the peaks of winnowd and its worker; the exit status is 1 when they are above 1.5 GB
together. Needs the built programs (WINNOW_BIN_DIR, default build/release/bin) and about twice the
file's size of disk in the temporary folder.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("WINNOW_BIN_DIR", REPO / "build" / "release" / "bin"))
LIMIT_BYTES = 1_500_000_000
DISTINCT = 1_000_000


def write_table(path: Path, size_bytes: int) -> None:
    """Rows with every distinct string once, repeated until the file is large enough."""
    block = "".join(
        f"user-{i * 7919 % DISTINCT:07d}-of-a-million,{i % 97},{i / 7:.6f},{i * 31 % 1009},"
        f"segment-{i % 40},{(i * i) % 8191},{i % 2}\n"
        for i in range(DISTINCT)
    ).encode()
    with path.open("wb") as file:
        file.write(b"user,a,b,c,segment,d,y\n")
        while file.tell() < size_bytes:
            file.write(block)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="winnow-memory-") as folder:
        table, address = Path(folder) / "table.csv", f"unix:{folder}/s"
        write_table(table, int(options.gigabytes * 1e9))
        log = Path(folder) / "winnowd.log"
        with log.open("wb") as out:
            command = [str(BIN / "winnowd"), f"--listen={address}", "--http=off"]
            server = subprocess.Popen(
                [*command, f"--data_dir={folder}/data"], stdout=out, stderr=out
            )
        winnow = [str(BIN / "winnow"), "--server", address]
        while subprocess.run([*winnow, "jobs"], capture_output=True).returncode != 0:
            if server.poll() is not None:
                raise SystemExit(log.read_text())
        imported = subprocess.run(
            [*winnow, "dataset", "import", str(table), "--id", "t", "--target", "y"],
            capture_output=True,
            text=True,
        )
        status = Path(f"/proc/{server.pid}/status").read_text()
        server.terminate()
        server.wait()
        if imported.returncode != 0:
            raise SystemExit(imported.stderr)
        print("\n".join(imported.stderr.splitlines()[:2]))
        winnowd = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]
        peaks = re.findall(r"peak ([0-9.]+) GiB", log.read_text())
        worker = int(max(map(float, peaks)) * 2**30)
        print(f"peak: winnowd {winnowd / 1e9:.2f} GB, worker {worker / 1e9:.2f} GB")
        return 0 if winnowd + worker < LIMIT_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
