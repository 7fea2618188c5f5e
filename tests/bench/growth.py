"""Time per sample and memory of import and training while the table grows.

    tests/bench/growth.py [--sizes 1e5,1e6,1e7] [--steps 400] [--folder /tmp] [--json FILE]

Generates click tables (13 numeric and 26 categorical columns, skewed vocabularies of 4 to 100,000
values, 3 + 4 columns that decide the target) as Parquet, imports each through a private winnowd,
trains a fixed number of steps, and prints one line a size. Then the largest table is trained once
more under a memory limit of a tenth of its bytes. 1e8 rows need 40 GB of disk in the folder and
about half an hour; they run only when asked for. Everything written is removed afterwards.

Columns: import rows/s and CPU microseconds per row; microseconds per training sample (select and
retrain); seconds and CPU seconds of a whole job, with fit and evaluation; of the worker the peak of
anonymous memory (what the limit counts) and of resident memory (with mapped pages of the table), in
MB; the plan's estimate. Needs the built programs (WINNOW_BIN_DIR, default build/release/bin) and
pyarrow and numpy.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

REPO = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("WINNOW_BIN_DIR", REPO / "build" / "release" / "bin"))
CHUNK = 500_000
NUMERIC, CATEGORICAL = 13, 26
VOCABULARIES = np.unique(np.geomspace(4, 100_000, CATEGORICAL).astype(np.int64))[:CATEGORICAL]
INFORMATIVE_NUMERIC, INFORMATIVE_CATEGORICAL = (0, 4, 9), (3, 9, 14, 20)


def write_table(path: Path, rows: int) -> None:
    """Chunk c depends on c alone, so that tables of all sizes begin alike."""
    names = [f"n{i}" for i in range(NUMERIC)] + [f"c{i}" for i in range(len(VOCABULARIES))]
    effects = {
        f: np.random.default_rng(f).normal(0, 0.7, VOCABULARIES[f]) for f in INFORMATIVE_CATEGORICAL
    }
    values = [pa.array([f"{f:02x}{v:06x}" for v in range(n)]) for f, n in enumerate(VOCABULARIES)]
    schema = pa.schema(
        [(name, pa.float32()) for name in names[:NUMERIC]]
        + [(name, pa.string()) for name in names[NUMERIC:]]
        + [("click", pa.int8())]
    )
    dictionary = names[NUMERIC:]
    with pq.ParquetWriter(
        path, schema, compression="none", use_dictionary=dictionary, store_schema=False
    ) as out:
        for chunk in range(0, rows, CHUNK):
            n = min(CHUNK, rows - chunk)
            rng = np.random.default_rng([7, chunk // CHUNK])
            numeric = rng.standard_normal((NUMERIC, n), dtype=np.float32)
            logit = -1.5 + sum(0.5 * numeric[f] for f in INFORMATIVE_NUMERIC)
            columns = [pa.array(x) for x in numeric]
            for f, size in enumerate(VOCABULARIES):
                # The fourth power of a uniform number: a tenth of the values have half of the rows.
                codes = (size * rng.random(n, dtype=np.float32) ** 4).astype(np.int32)
                codes = np.minimum(codes, size - 1)
                if f in effects:
                    logit = logit + effects[f][codes]
                columns.append(values[f].take(pa.array(codes)))
            click = rng.random(n) < 1 / (1 + np.exp(-logit))
            columns.append(pa.array(click.astype(np.int8)))
            out.write_table(pa.table(columns, schema=schema), row_group_size=n)


class WorkerPeaks:
    """Watches the workers of a server until closed: peaks over all of them, in bytes, and the CPU
    seconds that they took, the last 20 ms apart.
    """

    def __init__(self, server: int) -> None:
        self.anonymous = self.resident = 0
        self.cpu_s = 0.0
        self._server = server
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> WorkerPeaks:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            children = Path(f"/proc/{self._server}/task").glob("*/children")
            for pid in {pid for file in children for pid in _text(file).split()}:
                status = _text(Path(f"/proc/{pid}/status"))
                if "winnow-worker" not in status:
                    continue
                self.anonymous = max(self.anonymous, _kilobytes(status, "RssAnon") * 1024)
                self.resident = max(self.resident, _kilobytes(status, "VmHWM") * 1024)
                fields = _text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
                if len(fields) > 12:
                    ticks = int(fields[11]) + int(fields[12])
                    self.cpu_s = max(self.cpu_s, ticks / os.sysconf("SC_CLK_TCK"))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _kilobytes(status: str, field: str) -> int:
    found = re.search(rf"{field}:\s*(\d+) kB", status)
    return int(found.group(1)) if found else 0


class Server:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"unix:{folder}/winnow.sock"
        command = [str(BIN / "winnowd"), f"--listen={self.address}", "--http=off"]
        log = (folder / "winnowd.log").open("wb")
        self.process = subprocess.Popen(
            [*command, f"--data_dir={folder}/data"], stdout=log, stderr=log
        )
        while subprocess.run(self.command("jobs"), capture_output=True).returncode != 0:
            if self.process.poll() is not None:
                raise SystemExit((folder / "winnowd.log").read_text())
            time.sleep(0.05)  # between attempts to connect

    def command(self, *arguments: object) -> list[str]:
        return [str(BIN / "winnow"), "--server", self.address, *map(str, arguments)]

    def run(self, *arguments: object) -> str:
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


def job_text(dataset: str, options: argparse.Namespace, limit: int | None) -> str:
    steps = options.steps
    resources = f"resources: {{memory_limit_bytes: {limit}}}\n" if limit else ""
    return f"""dataset: {dataset}
feature_selection: {{budget: {{max_count: 10}}}}
selector: {{sequential_attention: {{steps: {steps}, batch_size: {options.batch}}}}}
model: {{mlp: {{hidden_units: [64]}}}}
training: {{steps: {steps}, batch_size: {options.batch}, threads: {options.threads}}}
evaluation: {{metrics: [auc, log_loss], controls: [], curve: false}}
{resources}"""


def train(server: Server, dataset: str, options: argparse.Namespace, limit: int | None) -> dict:
    spec = server.folder / "job.yaml"
    spec.write_text(job_text(dataset, options, limit))
    start = time.monotonic()
    with WorkerPeaks(server.process.pid) as peaks:
        job = server.run("submit", spec).split()[-1]
        server.run("watch", job)
    seconds = time.monotonic() - start
    result = json.loads(server.run("--json", "result", job))
    shown = json.loads(server.run("--json", "show", job))
    timing = result["timing"]
    samples = options.steps * options.batch
    return {
        "select_us_per_sample": 1e6 * timing["select_s"] / samples,
        "retrain_us_per_sample": 1e6 * timing["retrain_s"] / samples,
        "job_s": seconds,
        "job_cpu_s": peaks.cpu_s,
        "anonymous_bytes": peaks.anonymous,
        "resident_bytes": peaks.resident,
        "estimate_bytes": int(_find(shown, "memory_bytes") or 0),
        "limit_bytes": limit,
        "picks": [pick["name"] for pick in _find(result, "selected")],
    }


def _find(node: Any, key: str) -> Any:
    """The first value of `key` in nested JSON, or None."""
    if isinstance(node, dict):
        if key in node:
            return node[key]
        node = list(node.values())
    if isinstance(node, list):
        return next((x for x in (_find(item, key) for item in node) if x is not None), None)
    return None


def measure(server: Server, rows: int, options: argparse.Namespace) -> dict:
    dataset, table = f"clicks-{rows}", server.folder / f"clicks-{rows}.parquet"
    start = time.monotonic()
    write_table(table, rows)
    generated = time.monotonic() - start
    start = time.monotonic()
    with WorkerPeaks(server.process.pid) as peaks:
        server.run("dataset", "import", table, "--id", dataset, "--target", "click")
    imported = time.monotonic() - start
    table.unlink()
    tables = (server.folder / "data" / "datasets").rglob("table.bin")
    packed = max(tables, key=lambda path: path.stat().st_mtime)
    return {
        "rows": rows,
        "table_bytes": packed.stat().st_size,
        "generate_s": generated,
        "import_s": imported,
        "import_rows_per_s": rows / imported,
        "import_cpu_us_per_row": 1e6 * peaks.cpu_s / rows,
        "import_anonymous_bytes": peaks.anonymous,
        "dataset": dataset,
        **train(server, dataset, options, None),
    }


def line(row: dict, rows: str) -> str:
    megabytes = [row[key] / 1e6 for key in ("anonymous_bytes", "resident_bytes", "estimate_bytes")]
    return (
        f"{rows:>14} {row['table_bytes'] / 1e6:9.0f} {row['import_rows_per_s'] / 1e3:8.0f}"
        f" {row['import_cpu_us_per_row']:7.1f}"
        f" {row['import_anonymous_bytes'] / 1e6:9.0f} {row['select_us_per_sample']:8.2f}"
        f" {row['retrain_us_per_sample']:8.2f} {row['job_s']:7.1f} {row['job_cpu_s']:7.1f}"
        + "".join(f" {value:9.0f}" for value in megabytes)
    )


HEADER = (
    "          rows  table MB  krows/s us/row import MB  us/sel. us/retr.   job s   CPU s   "
    "anon MB    RSS MB   plan MB"
)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="1e5,1e6,1e7")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", default=tempfile.gettempdir())
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="winnow-growth-", dir=options.folder))
    results = []
    server = Server(folder)
    try:
        print(HEADER, flush=True)
        for size in options.sizes.split(","):
            results.append(measure(server, int(float(size)), options))
            print(line(results[-1], f"{results[-1]['rows']:,}"), flush=True)
        largest = results[-1]
        limit = largest["table_bytes"] // 10
        if limit >= 64 << 20:
            limited = {**largest, **train(server, largest["dataset"], options, limit)}
            results.append(limited)
            print(line(limited, f"limit {limit / 1e6:.0f} MB"), flush=True)
            if limited["picks"] != largest["picks"]:
                raise SystemExit("the limited run chose other columns")
    finally:
        server.close()
        shutil.rmtree(folder)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
