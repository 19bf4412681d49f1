"""Whether kernels give on a GPU what they give on the CPU, and where they wait for it."""

import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch

from benchmarks.gpu.cases import Case, Results, cases

# Of the largest number of the right result.
ALLOWED = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 5e-2}


class Check(NamedTuple):
    """A kernel on a device, in a number format."""

    name: str
    precision: str
    difference: float  # the largest, relative to the largest number of the right result
    right: bool
    error: str = ""


@contextmanager
def exact_products() -> Iterator[None]:
    """Without TensorFloat-32, which cuDNN uses for its LSTM unless told otherwise."""
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


def check_all(device: torch.device) -> Iterator[Check]:
    """Each kernel in single precision, and by mixed precision of two kinds, against double
    precision on the CPU."""
    for name, case in cases():
        right = case(torch.device("cpu"), torch.float64)()
        for precision in ALLOWED:
            if device.type == "cpu" and precision == torch.float16:
                continue  # which its LSTM does not have
            yield _check(name, case, right, device, precision)


def _check(
    name: str, case: Case, right: Results, device: torch.device, precision: torch.dtype
) -> Check:
    mixed = precision != torch.float32
    label = str(precision).removeprefix("torch.")
    try:
        kernel = case(device, torch.float32)
        with exact_products(), torch.autocast(device.type, precision, enabled=mixed):
            results = kernel()
    except Exception:  # one kernel that fails must not hide the others
        error = traceback.format_exc().strip().splitlines()
        return Check(name, label, float("nan"), False, " | ".join(error[-3:]))
    differences = [
        _difference(results[key].cpu().double(), value.double())
        for key, value in right.items()
        # With fewer digits, another path may be as good.
        if not (mixed and key == "path")
    ]
    worst = max(differences, default=0.0)
    missing = sorted(right.keys() - results.keys())
    return Check(
        name,
        label,
        worst,
        worst <= ALLOWED[precision] and not missing,
        f"no {', '.join(missing)}" if missing else "",
    )


def _difference(value: torch.Tensor, right: torch.Tensor) -> float:
    if value.shape != right.shape or not bool(value.isfinite().all()):
        return float("inf")
    return float((value - right).abs().max() / right.abs().max().clamp(min=1e-9))


class Waits(NamedTuple):
    """Where a kernel waits for the GPU."""

    name: str
    places: dict[str, int]  # file and line to how often


def waits_of(name: str, run: Callable[[], Any]) -> Waits:
    """It runs once before it is looked at, so that caches and libraries are ready."""
    run()
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            run()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    places: dict[str, int] = {}
    for warning in caught:
        if "synchroniz" in str(warning.message):
            place = f"{warning.filename.rpartition('bilstm_tagger/')[2]}:{warning.lineno}"
            places[place] = places.get(place, 0) + 1
    return Waits(name, places)


def all_waits(device: torch.device) -> Iterator[Waits]:
    """Of every kernel, in single precision."""
    for name, case in cases():
        try:
            yield waits_of(name, case(device, torch.float32))
        except Exception as error:  # as above
            yield Waits(name, {f"failed: {error}"[:200]: 1})
