"""Starts processes, pinned to as many cores as they have threads, and measures them."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import launcher
from benchmarks.samples import Sample, megabytes
from benchmarks.settings import ROOT, Settings


class WorkerError(RuntimeError):
    """A process that was started has failed."""


def cores(threads: int) -> list[int]:
    """The cores that processes with that many threads are pinned to: the last ones."""
    if not hasattr(os, "sched_getaffinity"):
        return []
    return sorted(os.sched_getaffinity(0))[-threads:]


def cache(directory: Path) -> Path:
    """The folder that AllenNLP, and ours with it, keeps things in from one process to the next."""
    return directory / "cache"


# A machine may set these for the sake of other programs; they slow down numpy, or every start.
_NOT_INHERITED = ("PYTHONDONTWRITEBYTECODE", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
# What lets torch (its own kernels, oneDNN, MKL) and numpy (OpenBLAS) do without AVX-512.
AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}


def limited_to_avx2() -> bool:
    """Whether the processes of this one do without AVX-512."""
    return AVX2.items() <= os.environ.items()


def environment(directory: Path, threads: int = 1, root: Path = ROOT) -> dict[str, str]:
    """The environment of a process: so many threads, the modules of a folder, a cache of its own,
    and compiled modules, which an installation need not have."""
    number = str(threads)
    path = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    inherited = {key: value for key, value in os.environ.items() if key not in _NOT_INHERITED}
    return {
        **inherited,
        **(AVX2 if limited_to_avx2() else {}),
        "PYTHONPYCACHEPREFIX": str(directory / "pycache"),
        "OMP_NUM_THREADS": number,
        "MKL_NUM_THREADS": number,
        "PYTHONPATH": path,
        "PYTHONHASHSEED": "0",
        "ALLENNLP_CACHE_ROOT": str(cache(directory)),
    }


def _pin(threads: int) -> Any:
    chosen = cores(threads)

    def pin() -> None:
        if chosen:
            os.sched_setaffinity(0, chosen)

    return pin


def _tail(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")[-3000:]


class Worker:
    """A process of `benchmarks.worker`, or of another module that speaks as it does.

    # Parameters

    directory : `Path`
        Where it may write.
    name : `str`
        The name of its folder there, and of the file of its messages.
    threads : `int`, optional (default = `1`)
        How many it computes with, each on its own core.
    arguments : `Sequence[str]`, optional (default = `["benchmarks.worker"]`)
        The module and its arguments.
    """

    def __init__(
        self,
        directory: Path,
        name: str,
        threads: int = 1,
        arguments: Sequence[str] = ("benchmarks.worker",),
    ) -> None:
        self.directory = directory / name
        self._log = directory / f"{name}.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=directory,
                env=environment(directory, threads),
                preexec_fn=_pin(threads),
                text=True,
            )

    def ask(self, command: str, **arguments: Any) -> Any:
        """Sends a command and waits for its result.

        # Errors

        `WorkerError` where the command fails, with the last of its messages.
        """
        sender, receiver = self._process.stdin, self._process.stdout
        assert sender is not None and receiver is not None
        sender.write(json.dumps({"command": command, **arguments}) + "\n")
        sender.flush()
        line = receiver.readline()
        answer = json.loads(line) if line else {"error": "the process has ended"}
        if "error" in answer:
            raise WorkerError(f"{command}: {answer['error']}\n{_tail(self._log)}")
        return answer["result"]

    def measure(self, command: str, **arguments: Any) -> Sample:
        """The same for a command that measures."""
        return Sample(**self.ask(command, **arguments))

    def build(self, side: str, settings: Settings) -> int:
        """Builds a side; returns how many sentences it trains on."""
        result = self.ask(
            "build", side=side, settings=asdict(settings), directory=str(self.directory)
        )
        return int(result["sentences"])

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def run_command(
    arguments: list[str], directory: Path, name: str, root: Path = ROOT, given: str = ""
) -> Sample:
    """Runs a Python module to its end, on one core with one thread; what the whole process took.

    # Parameters

    arguments : `List[str]`
        The module and its arguments.
    directory : `Path`
        The working directory.
    name : `str`
        The name of the file there of its messages.
    root : `Path`, optional (default = this checkout)
        The folder of the modules.
    given : `str`, optional (default = `""`)
        What the process reads from standard input.

    # Errors

    `WorkerError` where it fails, with the last of its messages.
    """
    ends = ("log", "in", "usage")
    log_path, input_path, usage_path = (directory / f"{name}.{end}" for end in ends)
    input_path.write_text(given, encoding="utf-8")
    start = [sys.executable, "-I", "-S", launcher.__file__, str(usage_path)]
    with log_path.open("w") as log, input_path.open() as stdin:
        process = subprocess.run(
            [*start, sys.executable, "-m", *arguments],
            stdin=stdin,
            stdout=log,
            stderr=log,
            cwd=directory,
            env=environment(directory, root=root),
            preexec_fn=_pin(1),
        )
    if process.returncode:
        raise WorkerError(f"{' '.join(arguments)} failed:\n{_tail(log_path)}")
    wall, cpu, peak = json.loads(usage_path.read_text(encoding="utf-8"))
    return Sample(wall, cpu, megabytes(peak))
