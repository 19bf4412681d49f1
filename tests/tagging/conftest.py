"""What the tests of tagging share: a tagger, and blocks tagged by it."""

import io
import json
from collections.abc import Callable

import pytest

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
