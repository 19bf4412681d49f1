"""What the tests of tagging share: a tagger, and blocks tagged by it."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import bilstm_tagger
from bilstm_tagger.tagging import Tagger
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
