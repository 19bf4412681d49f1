"""What the tests of tagging share: a tagger, and blocks tagged by it."""

import io
import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import bilstm_tagger
from bilstm_tagger.tagging import Tagger
from bilstm_tagger.tagging.chain import Potentials
from bilstm_tagger.tagging.files.blocks import Block, TaggedBlock
from bilstm_tagger.tagging.files.settings import TagSettings


@pytest.fixture(scope="module")
def tagger(quickstart_archive) -> Tagger:
    return Tagger.load(quickstart_archive)


@pytest.fixture
def tag(tagger) -> Callable[..., TaggedBlock]:
    def run(data, given, wanted="json", **options) -> TaggedBlock:
        settings = TagSettings("model", "IN", given, wanted, **options)
        data = data.encode() if isinstance(data, str) else data
        block = Block(3, 1, io.BytesIO(data).readlines())
        return settings.with_tagger(tagger)(block)

    return run


@pytest.fixture
def objects(tag) -> Callable[..., list]:
    def run(data, given, **options):
        return [json.loads(line) for line in tag(data, given, **options).output.splitlines()]

    return run


@pytest.fixture
def run_alone() -> Callable[[str], str]:
    """Runs a program in a process of its own, and checks that it needs neither torch nor AllenNLP.

    The packages above a module may import more: what counts is what the module itself needs.
    """
    folder = str(Path(bilstm_tagger.__file__).parent)
    before = f"""
import sys, types
for name, folder in ("bilstm_tagger", ""), ("bilstm_tagger.tagging", "/tagging"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [{folder!r} + folder]
"""
    after = """
assert not sys.modules.keys() & {"torch", "allennlp"}
"""

    def run(program: str) -> str:
        command = [sys.executable, "-c", before + program + after]
        process = subprocess.run(command, capture_output=True, text=True)
        assert (process.returncode, process.stderr) == (0, "")
        return process.stdout

    return run


@pytest.fixture(scope="session")
def make_chain() -> Callable[..., Potentials]:
    """Random scores; `rules` of an encoding forbid some, or a share of all is `permitted`."""

    def make(lengths, tags, scale=1.0, rules=None, *, permitted=1.0, whole=False, seed=0):
        random = np.random.default_rng(seed)
        shapes = (len(lengths), max(lengths), tags), (tags, tags), (tags,), (tags,)
        parts = [random.normal(scale=scale, size=shape) for shape in shapes]
        if whole:  # ties, and no rounding
            parts = [part.round() for part in parts]
        parts[0][np.arange(max(lengths)) >= np.array(lengths)[:, None]] *= 1e4  # padding
        if rules is not None:
            allowed = [np.array(rule) for rule in (rules.transitions, rules.start, rules.end)]
        else:
            allowed = [random.random(part.shape) <= permitted for part in parts[1:]]
            for rule in allowed:
                rule.flat[0] = True  # the path of tag 0 alone
        for index, rule in enumerate(allowed, 1):
            parts[index] = np.where(rule, parts[index], -np.inf)
        return Potentials(*parts, np.array(lengths))

    return make


@pytest.fixture(scope="session")
def all_paths() -> Callable[[Potentials, int], dict[tuple[int, ...], float]]:
    """The permitted paths of a sentence and their log-probabilities, the best first; of equal ones
    that with the lowest last tag, then with the lowest tag before it, and so on."""

    def enumerate_paths(potentials, sentence):
        emissions, transitions = potentials.emissions[sentence], potentials.transitions
        paths = itertools.product(range(len(transitions)), repeat=potentials.lengths[sentence])
        array = np.array(sorted(paths, key=lambda path: path[::-1]))
        scores = potentials.start[array[:, 0]] + potentials.end[array[:, -1]]
        for position, tags in enumerate(array.T):
            scores = scores + emissions[position, tags]
        for before, after in itertools.pairwise(array.T):
            scores = scores + transitions[before, after]
        best = scores.max()
        logs = scores - best - np.log(np.exp(scores - best).sum())
        order = [index for index in np.argsort(-scores, kind="stable") if scores[index] > -np.inf]
        return {tuple(array[index].tolist()): float(logs[index]) for index in order}

    return enumerate_paths
