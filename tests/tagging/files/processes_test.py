import multiprocessing
import os
import signal
from collections.abc import Iterator

import pytest

from bilstm_tagger.tagging.archives.limits import UnsafeModel
from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.tagging.files.processes import WorkerLost, in_place, in_processes
from bilstm_tagger.tagging.files.settings import TagSettings
from bilstm_tagger.text.errors import DataFormatError

SHORT = b"We\nleft\n\n"
# Of this length it is ready long after the others.
LONG = b"rain\n" * 4_000 + b"\n"


def blocks(contents: list[bytes]) -> Iterator[Block]:
    number = 1
    for index, content in enumerate(contents):
        lines = content.splitlines(keepends=True)
        yield Block(index, number, lines)
        number += len(lines)


def settings(archive, **options) -> TagSettings:
    return TagSettings(str(archive), "IN", "conll", "conll", **options)


@pytest.fixture(scope="module")
def workers(quickstart_archive):
    with in_processes(settings(quickstart_archive), 2) as tag:
        yield tag


def test_the_same_as_in_place_and_in_order(workers, quickstart_archive):
    contents = [LONG, *[SHORT] * 5, LONG, SHORT]
    with in_place(settings(quickstart_archive)) as tag:
        wanted = list(tag(blocks(contents)))
    assert list(workers(blocks(contents))) == wanted
    assert [each.index for each in wanted] == list(range(8))


def test_no_more_than_a_few_blocks_are_read_ahead(workers):
    read = 0

    def watched():
        nonlocal read
        for read, block in enumerate(blocks([SHORT] * 50), start=1):  # noqa: B007
            yield block

    for written, _ in enumerate(workers(watched()), start=1):
        assert read <= written + 2 * 4 + 1


def test_an_error_comes_in_its_place(workers):
    contents = [LONG, SHORT, b"\xff\n\n", *[SHORT] * 10]
    found = []
    with pytest.raises(DataFormatError, match=r"^IN:4005: expected UTF-8"):
        for each in workers(blocks(contents)):
            found.append(each)
    assert [each.index for each in found] == [0, 1]


def test_a_damaged_input_comes_after_what_was_read(quickstart_archive, workers):
    def damaged():
        yield from blocks([LONG, SHORT])
        raise DataFormatError("IN", 9, "damaged")

    results = workers(damaged())
    assert [next(results).index, next(results).index] == [0, 1]
    with pytest.raises(DataFormatError, match="damaged"):
        next(results)


def test_a_worker_that_is_killed_is_an_error(quickstart_archive):
    before = {each.pid for each in multiprocessing.active_children()}
    with (
        pytest.raises(WorkerLost, match="^a worker process was killed by SIGKILL, by the system"),
        in_processes(settings(quickstart_archive), 1) as tag,
    ):
        (pid,) = {each.pid for each in multiprocessing.active_children()} - before
        results = tag(blocks([SHORT] * 100_000))
        next(results)
        os.kill(pid, signal.SIGKILL)
        list(results)
    assert {each.pid for each in multiprocessing.active_children()} == before


def test_an_error_of_the_start(tmp_path):
    path = tmp_path / "model.tar.gz"
    path.write_bytes(b"no archive")
    before = multiprocessing.active_children()
    with (
        pytest.raises(UnsafeModel, match="neither a model file nor an archive") as caught,
        in_processes(settings(path), 1),
    ):
        pass
    assert caught.value.archive == str(path)
    assert multiprocessing.active_children() == before
