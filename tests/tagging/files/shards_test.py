import hashlib
import json
from pathlib import Path

import pytest

from bilstm_tagger.tagging.files.blocks import Block, Skipped, TaggedBlock
from bilstm_tagger.tagging.files.output_file import OutputFile
from bilstm_tagger.tagging.files.settings import TagSettings
from bilstm_tagger.tagging.files.shards import ShardedRun
from bilstm_tagger.text.errors import UserError


def upper(block: Block) -> TaggedBlock:
    """A word a line, in capitals; a line with a blank is skipped."""
    output, skipped = b"", []
    for number, line in enumerate(block.lines, block.first_line):
        if b" " in line:
            skipped.append(Skipped(number, "a blank"))
        else:
            line = line.upper()
        output += line
    tokens = len(block.lines) - len(skipped)
    return TaggedBlock(block.index, output, len(block.lines), tokens, skipped)


LINES = [b"one\n", b"two\n", b"th ree\n", b"four\n", b"five\n", b"s ix\n", b"seven\n"]
OUTPUT = b"ONE\nTWO\nth ree\nFOUR\nFIVE\ns ix\nSEVEN\n"
# Two blocks of two lines in each shard; of the last, one.
BLOCKS = [Block(i, 2 * i + 1, LINES[2 * i : 2 * i + 2]) for i in range(4)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_bytes(b"".join(LINES))
    return path


def run_of(source: Path, settings: dict | None = None) -> ShardedRun:
    output = str(source.with_name("tagged.txt"))
    return ShardedRun(output, {"input": str(source)}, settings or {"tasks": ["pos"]}, 2)


def work(run: ShardedRun, stop_before: int = 100) -> list[int]:
    """The shards that had to be done."""
    done = []
    with run, OutputFile(str(run.output)) as output:
        for shard in run.shards(BLOCKS):
            if shard.index == stop_before:
                raise KeyboardInterrupt
            if run.finished(shard.index) is None:
                run.write(shard.tagged(upper))
                done.append(shard.index)
            output.write(run.finished(shard.index).output)
        run.complete = True
    return done


def test_in_one_go(source):
    run = run_of(source)
    assert work(run) == [0, 1]
    assert run.output.read_bytes() == OUTPUT
    assert sorted(source.parent.iterdir()) == [run.output, source]


def test_the_folder_stays_unless_the_run_is_complete(source):
    with run_of(source) as run:
        run.write(TaggedBlock(0, b""))
    assert run.folder.exists()


def test_where_nothing_is_finished_nothing_is_left(source):
    run = run_of(source)
    with pytest.raises(KeyboardInterrupt):
        work(run, stop_before=0)
    assert not run.folder.exists()


def test_a_shard_is_its_blocks(source):
    first, second = run_of(source).shards(iter(BLOCKS))
    assert (first.index, first.lines, second.index, second.lines) == (0, (1, 4), 1, (5, 7))
    assert second.tagged(upper) == TaggedBlock(
        1, b"FIVE\ns ix\nSEVEN\n", 3, 2, [Skipped(6, "a blank")]
    )


def test_the_next_shard_is_read_when_it_is_asked_for(source):
    read = []
    shards = run_of(source).shards(read.append(block.index) or block for block in BLOCKS)
    assert next(shards).index == 0
    assert read == [0, 1]


def test_after_an_interrupt_only_the_rest_is_done(source):
    with pytest.raises(KeyboardInterrupt):
        work(run_of(source), stop_before=1)
    with run_of(source) as run:
        assert run.finished(0) == TaggedBlock(0, OUTPUT[:20], 4, 3, [Skipped(3, "a blank")])
        assert run.finished(1) is None
        assert json.loads((run.folder / "00000000.json").read_bytes()) == {
            "size": 20,
            "sha256": hashlib.sha256(OUTPUT[:20]).hexdigest(),
            "sentences": 4,
            "tokens": 3,
            "skipped": [{"line": 3, "problem": "a blank"}],
        }
    assert not run.output.exists()
    assert work(run_of(source)) == [1]
    assert run.output.read_bytes() == OUTPUT


def other_byte(folder: Path) -> None:
    path = folder / "00000000.out"
    path.write_bytes(b"X" + path.read_bytes()[1:])


def cut(folder: Path) -> None:
    path = folder / "00000000.out"
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    "damage",
    [
        other_byte,
        cut,
        lambda folder: (folder / "00000000.out").unlink(),
        lambda folder: (folder / "00000000.json").unlink(),
        lambda folder: (folder / "00000000.json").write_text("{}"),
        lambda folder: (folder / "00000000.json").write_text("[]"),
        lambda folder: (folder / "00000000.json").write_text('{"index": 0'),
    ],
)
def test_a_damaged_shard_is_done_again(source, damage):
    with pytest.raises(KeyboardInterrupt):
        work(run_of(source), stop_before=1)
    damage(run_of(source).folder)
    run = run_of(source)
    assert work(run) == [0, 1]
    assert run.output.read_bytes() == OUTPUT


def test_another_run_is_refused(source):
    with pytest.raises(KeyboardInterrupt):
        work(run_of(source), stop_before=1)
    size = source.stat().st_size
    with pytest.raises(UserError) as refused:
        work(run_of(source, {"tasks": ["ner"]}))
    assert str(refused.value) == (
        f"{source.parent}/tagged.txt.shards is of another run, which cannot be continued: "
        'settings tasks was ["pos"], is now ["ner"]; '
        f"delete {source.parent}/tagged.txt.shards to start anew, or name another output"
    )
    with source.open("ab") as stream:
        stream.write(b"eight\n")
    with pytest.raises(UserError) as refused:
        work(run_of(source))
    assert f"input file size was {size}, is now {size + 6};" in str(refused.value)
    assert "settings" not in str(refused.value)
    # Nothing is lost by that.
    assert (run_of(source).folder / "00000000.out").read_bytes() == OUTPUT[:20]


def test_standard_input_starts_anew(tmp_path):
    def run_of_standard_input() -> ShardedRun:
        return ShardedRun(str(tmp_path / "tagged.txt"), {"input": None}, {}, 2)

    with pytest.raises(KeyboardInterrupt):
        work(run_of_standard_input(), stop_before=1)
    assert work(run_of_standard_input()) == [0, 1]
    assert (tmp_path / "tagged.txt").read_bytes() == OUTPUT


def test_a_folder_of_something_else_is_refused(source):
    run = run_of(source)
    run.folder.mkdir()
    (run.folder / "letters.txt").write_text("Dear Ada")
    with pytest.raises(UserError, match="tagged.txt.shards is in the way"):
        work(run)
    (run.folder / "letters.txt").rename(run.folder / "manifest.json")
    with pytest.raises(UserError, match="manifest.json is damaged"):
        work(run)


def test_a_folder_that_was_hardly_begun_is_taken(source):
    run = run_of(source)
    run.folder.mkdir()
    (run.folder / ".manifest.json").write_text('{"input fi')
    assert work(run) == [0, 1]


def test_one_process_at_a_time(source):
    with run_of(source), pytest.raises(UserError, match="made by another process"):
        work(run_of(source))
    assert work(run_of(source)) == [0, 1]


def test_an_output_that_is_no_file(tmp_path):
    for output in "-", "/dev/null", str(tmp_path):
        with pytest.raises(UserError, match=f"-o {output}: expected the name of a file"):
            ShardedRun(output, {}, {})


def test_a_missing_input_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        work(run_of(tmp_path / "none.txt"))
    assert list(tmp_path.iterdir()) == []


def test_the_run_of_a_command(source, monkeypatch):
    def manifest(model: str, path: str, **settings) -> dict:
        made = TagSettings(model, path, "text", "json", **settings)
        with ShardedRun.of(made, path, str(source.with_name("tagged.json"))) as run:
            return json.loads((run.folder / "manifest.json").read_bytes())

    model = source.with_name("model.tar.gz")
    model.touch()
    by_path = manifest(str(model), str(source))
    monkeypatch.chdir(source.parent)
    assert manifest("model.tar.gz", "words.txt") == by_path
    assert by_path["input file"]["path"] == str(source)
    assert by_path["model file"]["size"] == 0
    assert manifest("model.tar.gz", "words.txt", top_k=2) != by_path
    assert manifest("model.tar.gz", "-")["input file"] is None


def test_the_manifest_says_what_the_run_is(source):
    with run_of(source) as run:
        status = source.stat()
        assert json.loads((run.folder / "manifest.json").read_bytes()) == {
            "input file": {
                "path": str(source),
                "size": status.st_size,
                "mtime": status.st_mtime_ns,
            },
            "settings": {"tasks": ["pos"], "blocks per shard": 2},
        }
