import contextlib
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bilstm_tagger.tagging.files import on_ray
from bilstm_tagger.tagging.files.blocks import Block, Skipped, TaggedBlock
from bilstm_tagger.tagging.files.processes import WorkerLost
from bilstm_tagger.tagging.files.shards import ShardedRun
from bilstm_tagger.text.errors import DataFormatError, UserError

# A line each; two of them are skipped.
BLOCKS = [
    Block(i, i + 1, [b"word %d\n" % i if i in (5, 12) else b"word%d\n" % i]) for i in range(16)
]
OUTPUT = b"".join(b"word %d\n" % i if i in (5, 12) else b"WORD%d\n" % i for i in range(16))


@dataclass
class Fake:
    """Makes capitals, and says in a folder what it does.

    # Parameters

    folder : `Path`
    stuck : `Set[int]`
        Blocks that are never finished by the first worker that has them.
    deadly : `int`
        The block that kills any worker.
    broken : `int`
        The block that cannot be read.
    """

    folder: Path
    stuck: set[int] = field(default_factory=set)
    deadly: int = -1
    broken: int = -1

    def __call__(self, block: Block) -> TaggedBlock:
        before = set(self.folder.glob(f"{block.index}-*"))
        (self.folder / f"{block.index}-{os.getpid()}").touch()
        if block.index in self.stuck and not before:
            time.sleep(900)
        if block.index == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        if block.index == self.broken:
            raise DataFormatError("words.txt", block.first_line, "no word")
        (line,) = block.lines
        if b" " in line:
            return TaggedBlock(block.index, line, 0, 0, [Skipped(block.first_line, "a blank")])
        return TaggedBlock(block.index, line.upper(), 1, 1)

    def load(self) -> "Fake":
        with (self.folder / f"loaded-{os.getpid()}").open("a") as stream:
            stream.write("x")
        return self

    def worker_of(self, block: int) -> int | None:
        """The process that had a block first."""
        found = sorted(self.folder.glob(f"{block}-*"), key=lambda path: path.stat().st_mtime_ns)
        return int(found[0].name.partition("-")[2]) if found else None

    def calls(self) -> Counter[int]:
        """Block to how many workers had it."""
        names = [path.name.partition("-")[0] for path in self.folder.iterdir()]
        return Counter(int(name) for name in names if name.isdigit())

    def workers(self) -> set[int]:
        return {int(path.name.partition("-")[2]) for path in self.folder.glob("loaded-*")}


@pytest.fixture
def ray(monkeypatch):
    ray = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    # Workers cannot import this file.
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield ray
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@pytest.fixture
def run(tmp_path: Path) -> ShardedRun:
    source = tmp_path / "words.txt"
    source.write_bytes(b"".join(line for block in BLOCKS for line in block.lines))
    return ShardedRun(str(tmp_path / "tagged.txt"), {"input": str(source)}, {}, blocks_per_shard=2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "calls"
    path.mkdir()
    return path


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 240
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def lives(process: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


def tag(make_tagger: Callable[[], Fake], run: ShardedRun, workers: int, into: list) -> None:
    with on_ray.on_ray("local", make_tagger, run, workers) as tag_blocks:
        for tagged in tag_blocks(iter(BLOCKS)):
            into.append(tagged)


@pytest.fixture
def interruptible():
    """The background of a shell ignores interrupts, and so does what starts there."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_a_worker_is_killed_then_the_run_is_interrupted_then_goes_on(ray, run, folder):
    fake = Fake(folder, stuck={6, 14})
    tagged: list[TaggedBlock] = []

    def kill_and_interrupt() -> None:
        until(lambda: fake.worker_of(6) is not None)
        os.kill(fake.worker_of(6), signal.SIGKILL)
        until(lambda: fake.worker_of(14) is not None and len(tagged) == 7)
        os.kill(os.getpid(), signal.SIGINT)

    meanwhile = threading.Thread(target=kill_and_interrupt)
    meanwhile.start()
    with pytest.raises(KeyboardInterrupt):
        tag(fake.load, run, 2, tagged)
    meanwhile.join()
    assert not ray.is_initialized()
    until(lambda: not any(map(lives, fake.workers())))
    # Each had the model once.
    assert {path.read_text() for path in folder.glob("loaded-*")} == {"x"}
    calls = {block: 2 if block == 6 else 1 for block in range(15)}
    assert fake.calls() == calls
    assert [each.index for each in tagged] == list(range(7))

    damaged = run.folder / "00000001.out"
    damaged.write_bytes(damaged.read_bytes().lower())
    tagged.clear()
    tag(fake.load, run, 1, tagged)
    assert fake.calls() == {**calls, 2: 2, 3: 2, 14: 2, 15: 1}
    assert [each.index for each in tagged] == list(range(8))
    assert b"".join(each.output for each in tagged) == OUTPUT
    assert [each.sentences for each in tagged] == [2, 2, 1, 2, 2, 2, 1, 2]
    skipped = [skipped for each in tagged for skipped in each.skipped]
    assert skipped == [Skipped(6, "a blank"), Skipped(13, "a blank")]
    assert not run.folder.exists()


def test_an_error_of_the_data_stops_the_run(ray, run, folder):
    read = []
    blocks = (read.append(block.index) or block for block in BLOCKS)
    fake = Fake(folder, broken=5)
    with (
        pytest.raises(DataFormatError) as error,
        on_ray.on_ray("local", fake.load, run, 1) as tag_blocks,
    ):
        list(tag_blocks(blocks))
    assert str(error.value) == "words.txt:6: no word"
    # No more was read than there is a worker for; what is finished is kept.
    assert read == [0, 1, 2, 3, 4, 5]
    assert sorted(path.name for path in run.folder.glob("*.json")) == [
        "00000000.json",
        "00000001.json",
        "manifest.json",
    ]


def test_a_shard_that_kills_each_worker_stops_the_run(ray, run, folder, monkeypatch):
    monkeypatch.setattr(on_ray, "_TRIES", 2)
    with pytest.raises(
        WorkerLost, match="^lines 1 to 2 of the input: 2 workers were lost over them"
    ):
        tag(Fake(folder, deadly=1).load, run, 1, [])
    assert len(set(folder.glob("1-*"))) == 2


def test_without_ray(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"pip install 'bilstm-tagger\[ray\]'"):
        tag(Fake, run, 1, [])


def test_no_cluster_at_the_address(ray, run):
    with (
        pytest.raises(UserError, match="--ray 127.0.0.1:1: cannot be joined"),
        on_ray.on_ray("127.0.0.1:1", Fake, run),
    ):
        pass
