#!/usr/bin/env python3
"""Checks every #include of the tree against the arrow table in layers.txt, and itself on planted
violations. `layers_test.py --list` prints, for each folder, all that it may include."""

from __future__ import annotations

import argparse
import dataclasses
import fnmatch
import pathlib
import re
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
OUR_ROOTS = ("kernels", "server", "client", "tests")
# Generated headers and the folder of the table that they stand for; the longest start wins.
GENERATED = {"winnow/internal/v1/": "proto/internal", "winnow/v1/": "proto", "google/rpc/": "proto"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?P<mark>["<])(?P<name>[^">]+)[">]')


@dataclasses.dataclass
class Table:
    reach: dict[str, set[str]]  # folder -> all folders that it may include, itself too
    libraries: dict[str, list[str]]  # start of an included name -> patterns of paths
    isa_files: dict[str, list[str]]  # pattern of paths -> names that they may include


def parse_table(text: str) -> Table:
    sections: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split("#", 1)[0].strip()
        if not line:
            continue
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
            continue
        left, arrow, right = line.partition("->")
        if not arrow or left.strip() in section:
            raise ValueError(f"layers.txt:{number}: no arrow, or a second row: {raw!r}")
        section[left.strip()] = right.split()
    return Table(close(sections["folders"]), sections["libraries"], sections["instruction sets"])


def close(direct: dict[str, list[str]]) -> dict[str, set[str]]:
    """The transitive closure of the arrows; refuses unknown names and circles."""

    def visit(folder: str, path: tuple[str, ...]) -> set[str]:
        if folder not in direct:
            raise ValueError(f"layers.txt: {path[-1]} -> {folder}, which has no row of its own")
        if folder in path:
            raise ValueError("layers.txt: a circle: " + " -> ".join((*path, folder)))
        reached = {folder}
        for target in direct[folder]:
            reached |= visit(target, (*path, folder))
        return reached

    return {folder: visit(folder, ()) for folder in direct}


def folder_of(name: str, table: Table) -> str | None:
    """The folder of the table that an included name or a path stands for, the deepest one. A folder
    below server/rpc belongs to server/rpc; a new folder server/x does not belong to server."""
    for start, folder in GENERATED.items():
        if name.startswith(start):
            return folder
    parents = [parent.as_posix() for parent in pathlib.PurePosixPath(name).parents]
    matching = [p for p in parents if p in table.reach and ("/" in p or p == parents[0])]
    return matching[0] if matching else None


def test_reach(path: str, root: pathlib.Path, table: Table) -> set[str] | None:
    """What a unit test may include: what the folder that it mirrors may, and what deps.txt names.
    None for a test that mirrors no folder: it is not fenced."""
    mirrored = folder_of(path.removeprefix("tests/unit/"), table)
    if not path.startswith("tests/unit/") or mirrored is None:
        return None
    reached = set(table.reach[mirrored])
    deps = (root / path).parent / "deps.txt"
    for target in deps.read_text().split() if deps.exists() else ():
        for folder, folders in table.reach.items():
            if target == "winnow::" + folder.replace("/", "_"):
                reached |= folders
    if "proto" in reached:
        reached.add("proto/internal")  # one target holds both
    return reached


def check_include(
    path: str, mark: str, name: str, reach: set[str] | None, table: Table
) -> str | None:
    """What is wrong with one #include, or None."""
    ours = name.split("/", 1)[0] in OUR_ROOTS
    if mark == '"' and "/" not in name:
        return f'"{name}" is relative; write its path from the root of the repository'
    if ours and name.startswith("tests/"):
        return None if path.startswith("tests/") else "only tests include tests"
    target = folder_of(name, table)
    if ours and target is None:
        return "this folder has no row in tests/unit/layers.txt"
    if target is not None and reach is not None and target not in reach:
        return f"{folder_of(path, table) or path} may not include {target}"
    if not path.startswith("tests/"):
        start = max((s for s in table.libraries if name.startswith(s)), key=len, default=None)
        if name.endswith(".grpc.pb.h"):
            start = "grpcpp/"
        if start is not None and not any(fnmatch.fnmatch(path, p) for p in table.libraries[start]):
            return f"{start}... is for these files only: {' '.join(table.libraries[start])}"
    for pattern, allowed in table.isa_files.items():
        own_header = re.sub(r"\.cc$", ".h", path)
        if fnmatch.fnmatch(path, pattern) and name not in (*allowed, own_header):
            return f"for a wider instruction set: only {own_header} {' '.join(allowed)}"
    return None


def violations(root: pathlib.Path, table: Table) -> list[str]:
    found = []
    for top in OUR_ROOTS:
        for file in sorted((root / top).rglob("*")):
            if file.suffix not in (".cc", ".h"):
                continue
            path = file.relative_to(root).as_posix()
            if path.startswith("tests/"):
                reach = test_reach(path, root, table)
            elif folder := folder_of(path, table):
                reach = table.reach[folder]
            else:
                found.append(f"{path}: its folder has no row in tests/unit/layers.txt")
                continue
            for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
                if include := INCLUDE.match(line):
                    name = include["name"]
                    if problem := check_include(path, include["mark"], name, reach, table):
                        found.append(f"{path}:{number}: #include {name}: {problem}")
    return found


# A file, what it includes, and what the check must say of it.
PLANTED = """
kernels/base/rng.h               | "kernels/ops/gemm.h"             | may not include kernels/ops
kernels/ops/gemm.cc              | "kernels/data/table.h"           | may not include kernels/data
kernels/selectors/a.cc           | "kernels/nn/dense.h"             | may not include kernels/nn
kernels/plan/plan.cc             | "kernels/data/table.h"           | may not include kernels/data
kernels/nn/x.cc                  | "kernels/train/trainer.h"        | may not include kernels/train
kernels/train/x.cc               | "winnow/v1/job.pb.h"             | may not include proto
kernels/train/x.cc               | "server/base/clock.h"            | may not include server/base
kernels/train/x.cc               | <grpcpp/grpcpp.h>                | grpcpp/... is for these
kernels/base/x.cc                | <sqlite3.h>                      | sqlite3... is for these
kernels/nn/dense.cc              | <oneapi/dnnl/dnnl.hpp>           | oneapi/dnnl/... is for these
kernels/train/x.cc               | <arrow/api.h>                    | arrow/... is for these
server/domain/job.h              | "server/store/store.h"           | may not include server/store
server/store/a.cc                | "server/launch/launcher.h"       | may not include server/launch
server/sched/a.cc                | "server/rpc/errors.h"            | may not include server/rpc
server/sched/a.cc                | "winnow/v1/job.pb.h"             | may not include proto
server/sched/a.cc                | "kernels/plan/plan.h"            | may not include kernels/plan
server/rpc/a.cc                  | "kernels/nn/dense.h"             | may not include kernels/nn
server/spec/a.cc                 | "winnow/v1/system.grpc.pb.h"     | grpcpp/... is for these
server/spec/a.cc                 | "winnow/internal/v1/worker.pb.h" | may not include proto/internal
client/cpp/a.cc                  | "server/base/clock.h"            | may not include server/base
client/cli/a.cc                  | "kernels/base/status.h"          | may not include kernels/base
client/cli/a.cc                  | "winnow/internal/v1/worker.pb.h" | may not include proto/internal
server/rpc/a.cc                  | "errors.h"                       | is relative
server/rpc/a.cc                  | "tests/support/temp_dir.h"       | only tests include tests
server/extra/a.cc                | <string>                         | has no row
kernels/extra/a.cc               | <string>                         | has no row
kernels/ops/dot_avx512.cc        | <vector>                         | for a wider instruction set
tests/unit/kernels/ops/a_test.cc | "kernels/nn/dense.h"             | may not include kernels/nn
"""

# A file and what it includes, to which the check must say nothing.
ALLOWED = """
kernels/train/x.cc              | "kernels/base/rng.h"
kernels/nn/x.cc                 | "kernels/selectors/selector.h"
kernels/ops/gemm_onednn.cc      | <oneapi/dnnl/dnnl.hpp>
kernels/ops/dot_avx512.cc       | "kernels/ops/dot_avx512.h"
kernels/ops/dot_avx512.cc       | <immintrin.h>
server/rpc/a.cc                 | "kernels/plan/plan.h"
server/rpc/convert/a.cc         | "winnow/v1/job.pb.h"
server/main.cc                  | "server/store/store.h"
server/rpc/a.cc                 | "winnow/internal/v1/worker.grpc.pb.h"
server/worker/a.cc              | "kernels/nn/dense.h"
server/store/a.cc               | <sqlite3.h>
client/cpp/a.cc                 | "winnow/v1/job_service.grpc.pb.h"
tests/unit/kernels/nn/a_test.cc | "kernels/ops/gemm.h"
tests/unit/server/rpc/a_test.cc | "tests/support/temp_dir.h"
tests/bench/a_bench.cc          | "kernels/nn/dense.h"
"""


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


class LayersTest(unittest.TestCase):
    table = parse_table((HERE / "layers.txt").read_text())

    def test_no_file_includes_what_it_may_not(self) -> None:
        found = violations(REPO, self.table)
        self.assertFalse(found, "\n" + "\n".join(found))

    def test_the_tree_is_not_empty(self) -> None:
        self.assertGreater(len(list((REPO / "kernels").rglob("*.h"))), 5)

    def plant(self, path: str, include: str, others: dict[str, str] | None = None) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            planted = {path: f"// first line\n#include {include}\n"}
            for name, text in {**planted, **(others or {})}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return violations(root, self.table)

    def test_finds_planted_violations(self) -> None:
        for path, include, expected in rows(PLANTED):
            with self.subTest(path=path, include=include):
                found = self.plant(path, include)
                self.assertEqual(len(found), 1, found)
                self.assertIn(path, found[0])
                self.assertIn(expected, found[0])

    def test_accepts_what_the_table_allows(self) -> None:
        for path, include in rows(ALLOWED):
            with self.subTest(path=path, include=include):
                self.assertEqual(self.plant(path, include), [])

    def test_deps_txt_widens_a_test_folder(self) -> None:
        deps = {"tests/unit/kernels/plan/deps.txt": "winnow::kernels_data\n"}
        found = self.plant("tests/unit/kernels/plan/a_test.cc", '"kernels/data/table.h"', deps)
        self.assertEqual(found, [])

    def test_refuses_a_table_with_a_circle(self) -> None:
        with self.assertRaisesRegex(ValueError, "circle: a -> b -> a"):
            close({"a": ["b"], "b": ["a"]})

    def test_refuses_an_arrow_to_nowhere(self) -> None:
        with self.assertRaisesRegex(ValueError, "no row of its own"):
            close({"a": ["b"]})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="print what each folder may include")
    arguments, rest = parser.parse_known_args()
    if arguments.list:
        for name, reached in LayersTest.table.reach.items():
            print(f"{name}: {' '.join(sorted(reached - {name}))}")
        sys.exit(0)
    unittest.main(argv=[sys.argv[0], *rest])
