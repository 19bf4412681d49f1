"""Measures the server beside the command `tag`, with one text a request and with many: `python -m
benchmarks.serving [--data DIR] [--requests N] [--clients N] [--repetitions N]`."""

import argparse
import contextlib
import itertools
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.corpus import read_rows
from benchmarks.serving.clients import request_of, send_all
from benchmarks.settings import ROOT

_MODEL = "english"
_COMMAND = [sys.executable, "-m", "bilstm_tagger"]
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")
_TIME = re.compile(r"([\d.]+) s, ")
# Sentences of a request that has many.
_MANY = 32


@contextlib.contextmanager
def server(*options: str) -> Iterator[tuple[int, int]]:
    """Starts a server; gives its port and the number of its process."""
    command = [*_COMMAND, "serve", _MODEL, "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        match = _ADDRESS.search(line := process.stderr.readline())
        if match is None:
            raise SystemExit(f"error: the server did not start: {line}{process.stderr.read()}")
        try:
            yield int(match[1]), process.pid
        finally:
            process.send_signal(signal.SIGTERM)


def megabytes(process: int) -> float:
    """The memory that a process has now."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def tag_seconds(sentences: Sequence[list[str]]) -> float:
    """How long the command takes for sentences, without its start."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "input.txt")
        path.write_text("".join(" ".join(tokens) + "\n" for tokens in sentences), encoding="utf-8")
        command = [*_COMMAND, "tag", _MODEL, str(path), "-o", str(Path(folder, "output.jsonl"))]
        done = subprocess.run(
            [*command, "--input-format", "tokens"], capture_output=True, text=True, check=True
        )
    match = _TIME.search(done.stderr)
    assert match is not None, done.stderr
    return float(match[1])


def serve_seconds(port: int, requests: Sequence[bytes], clients: int) -> tuple[float, list[float]]:
    """How long the server takes for requests, and for each of them. Each must be answered."""
    answers, seconds = send_all(port, requests, clients)
    if [answer.status for answer in answers] != [200] * len(requests):
        raise SystemExit(f"error: {[answer for answer in answers if answer.status != 200][:1]}")
    return seconds, [answer.seconds for answer in answers]


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.serving", description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="folder of the corpora")
    parser.add_argument("--requests", type=int, default=100_000, help="for the memory")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    corpus = options.data / "conll2000" / "test.txt"
    sentences = [[row[0] for row in rows] for rows in read_rows(corpus)]
    single = [request_of({"tokens": tokens}) for tokens in sentences]
    many = [
        request_of({"inputs": [{"tokens": tokens} for tokens in sentences[start : start + _MANY]]})
        for start in range(0, len(sentences), _MANY)
    ]
    rows = []
    with server() as (port, process):
        serve_seconds(port, single, options.clients)  # words that are new take longer
        latencies = sorted(serve_seconds(port, single[:500], 1)[1])
        rows.append(("one client, median", f"{1_000 * statistics.median(latencies):.1f} ms"))
        rows.append(("one client, 99 of 100", f"{1_000 * latencies[495]:.1f} ms"))
        times: dict[str, list[float]] = {"tag": [], "single": [], "many": []}
        for _ in range(options.repetitions):
            times["tag"].append(tag_seconds(sentences))
            times["single"].append(serve_seconds(port, single, options.clients)[0])
            times["many"].append(serve_seconds(port, many, options.clients)[0])
        speeds = {name: len(sentences) / statistics.median(t) for name, t in times.items()}
        rows.append(("`bilstm-tagger tag`, sentences a second", f"{speeds['tag']:,.0f}"))
        for name, size in (("many", _MANY), ("single", 1)):
            what = f"{options.clients} clients, {size} a request, sentences a second"
            rows.append((what, f"{speeds[name]:,.0f} = {speeds[name] / speeds['tag']:.2f} x"))
        before = 0
        for share in (10, 2, 1):
            number = options.requests // share
            endless = itertools.cycle(single)
            requests = list(itertools.islice(endless, number - before))
            serve_seconds(port, requests, options.clients)
            rows.append((f"memory after {number:,} requests", f"{megabytes(process):.0f} MB"))
            before = number
    for what, measured in [("what", "measured"), ("---", "---:"), *rows]:
        print(f"| {what} | {measured} |")


if __name__ == "__main__":
    main()
