"""Kernels on a device against double precision on the CPU, and the measurements on the fixtures."""

import json
import math

import pytest
import torch

from benchmarks.gpu import __main__ as command
from benchmarks.gpu.cases import cases
from benchmarks.gpu.checks import ALLOWED, check_all, waits_of
from benchmarks.gpu.plain import PlainTagger
from benchmarks.gpu.speed import Training, small

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
DEVICES = ["cpu", pytest.param("cuda:0", marks=needs_gpu)]


@pytest.mark.parametrize("device", DEVICES)
def test_kernels_are_right(device):
    checks = list(check_all(torch.device(device)))
    assert [check for check in checks if not check.right] == []
    kinds = len(ALLOWED) - (device == "cpu")
    assert len(checks) == kinds * len(list(cases()))


def test_a_wrong_kernel_is_seen(monkeypatch):
    from benchmarks.gpu import checks

    def wrong(device, dtype):
        off = 1.01 if dtype == torch.float32 else 1.0
        return lambda: {"value": off * torch.ones(3, device=device, dtype=dtype)}

    def failing(device, dtype):
        def run():
            if dtype == torch.float32:
                raise RuntimeError("not here")
            return {"value": torch.ones(3)}

        return run

    monkeypatch.setattr(checks, "cases", lambda: [("wrong", wrong), ("failing", failing)])
    by_name = {(c.name, c.precision): c for c in check_all(torch.device("cpu"))}
    assert not by_name["wrong", "float32"].right
    assert by_name["wrong", "float32"].difference == pytest.approx(0.01, rel=1e-3)
    failed = by_name["failing", "float32"]
    assert not failed.right and math.isnan(failed.difference) and "not here" in failed.error


@needs_gpu
def test_waits_are_seen():
    numbers = torch.ones(3, device="cuda:0")
    assert waits_of("item", lambda: numbers.sum().item()).places
    assert not waits_of("sum", lambda: numbers.sum()).places


@pytest.fixture(scope="module")
def training():
    from pathlib import Path

    return Training(torch.device("cpu"), 16, small(Path("fixtures").absolute()))


def test_the_plain_network_learns_the_same_task(training):
    """Its loss is that of a CRF: at the start about that of ours, and it falls."""
    plain: PlainTagger = training.plain.eval()
    batch = training.batches[0]
    tokens, tags = batch["tokens"], batch["labels"]["chunk"]
    crf = training.model.tasks["chunk"].crf
    with torch.no_grad():
        before = float(plain.loss(tokens, tags))
        for name, value in (
            ("transitions", plain.transitions),
            ("start_scores", plain.start),
            ("end_scores", plain.end),
        ):
            getattr(crf, name).copy_(value)
        emissions = plain.emissions(tokens)
        likelihood = crf.log_likelihood(emissions, tags)
        assert before == pytest.approx(-float(likelihood.mean()), rel=1e-4)
        best, _ = crf.viterbi(emissions, constrained=False)
        assert torch.equal(plain.tag(tokens), best)
    for _ in range(2):
        training.train_pass("plain", mixed=False)()
    with torch.no_grad():
        assert float(plain.eval().loss(tokens, tags)) < before


def test_the_command_writes_each_figure(tmp_path, monkeypatch, capsys):
    output = tmp_path / "gpu.jsonl"
    arguments = ["--device", "cpu", "--small", "--sizes", "64", "--times", "1", "--parts", "speed"]
    monkeypatch.setattr("sys.argv", ["gpu", *arguments, "--output", str(output)])
    command.main()
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["part"] for row in rows] == ["machine"] + ["speed"] * 7
    assert all(row["sentences_per_second"] > 0 for row in rows[1:])
    assert "training, bfloat16" in capsys.readouterr().out
