"""What the network does on a GPU: `python -m benchmarks.gpu --output gpu.jsonl`.

It needs the environment of the project and the corpora in `data/`, nothing else. Each figure is a
line of the file as soon as it is measured, so that a run that is cut off has what it measured until
then. `--small` takes the sentences of `fixtures/`; with `--device cpu` everything but the waits and
the graphs can be tried where there is no GPU.
"""

import argparse
import json
import platform
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.console import Console
from rich.table import Table
from torch import device as Device

from benchmarks.gpu.checks import all_waits, check_all
from benchmarks.gpu.speed import measure, measure_graphs, small, waits_of_step

PARTS = ("checks", "waits", "speed", "graphs")
SIZES = [32, 64, 128, 256, 512, 1024]


def main() -> None:
    """Measures the parts that are wanted, and prints a table of each."""
    parser = argparse.ArgumentParser(prog="benchmarks.gpu", description=__doc__)
    add = parser.add_argument
    add("--device", default="cuda:0", type=torch.device)
    add("--parts", nargs="+", choices=PARTS, default=PARTS)
    add("--sizes", nargs="+", type=int, default=SIZES, help="sentences in a batch")
    add("--times", type=int, default=3, help="passes, of which the median is taken")
    add("--small", action="store_true", help="on the sentences of fixtures/")
    add("--output", type=Path, default=Path("build/gpu.jsonl"))
    args = parser.parse_args()
    if args.device.type == "cuda" and not torch.cuda.is_available():
        parser.exit(1, "there is no GPU; try --device cpu\n")
    parts = [p for p in args.parts if args.device.type == "cuda" or p in ("checks", "speed")]
    args.output.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    with args.output.open("a", encoding="utf-8") as file:
        for part, row in _rows(args, parts):
            line = {"part": part, "at": round(time.time()), **row._asdict()}
            file.write(json.dumps(line) + "\n")
            file.flush()
            lines.append(line)
            print(json.dumps(line), flush=True)
    _print(lines, args.device)


def _rows(args: argparse.Namespace, parts: list[str]) -> Iterator[tuple[str, Any]]:
    changes = small(Path("fixtures").absolute()) if args.small else {}
    yield "machine", _Machine.of(args.device)
    for part in parts:
        rows: Iterator[Any] = {
            "checks": lambda: check_all(args.device),
            "waits": lambda: chain(
                all_waits(args.device), [waits_of_step(args.device, args.sizes[0], changes)]
            ),
            "speed": lambda: measure(args.device, args.sizes, changes, args.times),
            "graphs": lambda: measure_graphs(args.device, args.sizes[0], changes, args.times),
        }[part]()
        yield from ((part, row) for row in rows)


class _Machine(NamedTuple):
    device: str
    torch: str
    python: str

    @classmethod
    def of(cls, device: Device) -> "_Machine":
        name = platform.processor() or platform.machine()
        if device.type == "cuda":
            name = torch.cuda.get_device_name(device)
        return cls(name, torch.__version__, platform.python_version())


def _print(lines: list[dict[str, Any]], device: Device) -> None:
    """Tables of what this run has measured."""
    console = Console(width=140)
    checks = [line for line in lines if line["part"] == "checks"]
    wrong = [line for line in checks if not line["right"]]
    console.print(f"{len(checks) - len(wrong)} of {len(checks)} checks are right on {device}")
    for line in wrong:
        console.print(f"  WRONG {line['name']} ({line['precision']}): {line['difference']:.2e}")
        if line["error"]:
            console.print(f"    {line['error']}", markup=False)
    for line in lines:
        if line["part"] == "waits" and line["places"]:
            console.print(f"waits: {line['name']}: {line['places']}", markup=False)
    table = Table("what", "batch", "ours / graph", "plain / launches", "ratio", title="sentences/s")
    rates: dict[tuple[str, int], dict[str, float]] = {}
    for line in lines:
        if line["part"] in ("speed", "graphs"):
            of_row = rates.setdefault((line["what"], line["batch_size"]), {})
            of_row[line["who"]] = line["sentences_per_second"]
    for (what, size), of_row in rates.items():
        ours = of_row.get("ours", of_row.get("graph"))
        plain = of_row.get("plain", of_row.get("launches"))
        ratio = f"{ours / plain:.2f}" if ours and plain else ""
        cells = [f"{value:,.0f}" if value else "" for value in (ours, plain)]
        table.add_row(what, str(size), *cells, ratio)
    console.print(table)


if __name__ == "__main__":
    main()
