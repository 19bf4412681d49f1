import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bilstm_tagger.tagging import Tagger
from bilstm_tagger.tagging.files import block_reader
from bilstm_tagger.tagging.files.block_reader import Input

CONLL = "fixtures/text/untagged.conll"
RAW = "fixtures/text/raw.txt"
CONLLU = "fixtures/corpus/pos.conllu"


@pytest.fixture(scope="module")
def archive(quickstart_archive) -> Path:
    return quickstart_archive


@pytest.fixture
def tag(allennlp, archive, capfdbinary):
    """What `allennlp tag` writes to standard output, and the lines on stderr."""

    def run(*arguments, model=archive, status=0) -> tuple[bytes, list[str]]:
        capfdbinary.readouterr()
        found = 0
        try:
            allennlp("tag", model, *arguments)
        except SystemExit as end:
            found = end.code
        output, errors = capfdbinary.readouterr()
        assert found == status
        lines = errors.decode().splitlines()
        return output, [line for line in lines if " - allennlp." not in line]

    return run


def test_on_ray_as_in_one_process(tag, tmp_path, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setattr(block_reader, "_LINES", 4)
    source = tmp_path / "text.txt"
    source.write_text("He reckons the deficit will narrow. It may not.\nno\n\n" * 50)
    alone, there = tmp_path / "one.json.gz", tmp_path / "ray.json.gz"
    tag(source, "-o", alone, "--probabilities", "chosen")
    _, errors = tag(
        source, "-o", there, "--probabilities", "chosen", "--ray", "local", "--jobs", "1"
    )
    assert errors[-1].startswith("150 sentences, ")
    assert there.read_bytes() == alone.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "one.json.gz",
        "ray.json.gz",
        "text.txt",
    ]
    _, (error,) = tag(source, "--ray", "local", status=1)
    assert "expected the name of a file" in error


class TestOutput:
    def test_by_the_form_of_the_input(self, tag):
        output, (summary,) = tag(CONLL)
        given = Path(CONLL).read_text().splitlines()
        assert [line.split("\t")[0] for line in output.decode().splitlines()] == given
        assert summary.startswith("6 sentences, 44 tokens, ")
        assert summary.endswith(" sentences/s, 0 skipped")
        output, _ = tag(CONLLU)
        assert output.decode().startswith("# sent_id = fixture-001\n# text = The rain will start")
        output, _ = tag(RAW)
        assert len(output.splitlines()) == len(Path(RAW).read_text().splitlines())
        assert json.loads(output.splitlines()[0]).keys() == {"sentences"}

    def test_to_a_file(self, tag, tmp_path):
        output, _ = tag(CONLL)
        for name in ("tagged.conll", "tagged.conll.gz"):
            nothing, _ = tag(CONLL, "-o", tmp_path / name)
            assert nothing == b""
            with Input(str(tmp_path / name)) as written:
                (block,) = written.blocks(True)
            assert b"".join(block.lines) == output
        assert sorted(os.listdir(tmp_path)) == ["tagged.conll", "tagged.conll.gz"]

    def test_forms_are_chosen(self, tag, tmp_path):
        path = tmp_path / "input.conll.gz"
        path.write_bytes(gzip.compress(b"We left.\n"))
        output, _ = tag(path, "--input-format", "tokens", "--output-format", "conllu")
        assert [line.split(b"\t")[1] for line in output.splitlines()[1:3]] == [b"We", b"left."]
        output, _ = tag(
            path,
            *("--input-format", "text", "--output-format", "conllu"),
            *("--columns", "chunk=xpos, pos = MISC"),
        )
        cells = output.splitlines()[1].split(b"\t")
        assert (cells[3], cells[4][:2]) == (b"_", b"B-")
        assert cells[9].startswith(b"Pos=")

    def test_options_of_the_tagger(self, tag, archive, tmp_path):
        path = tmp_path / "input.txt"
        path.write_text("Er kam z.B. mit\n")
        output, _ = tag(
            path,
            *("--tasks", "pos,chunk", "--language", "de", "--no-constraints"),
            *("--probabilities", "all", "--top-k", "2"),
        )
        tagger = Tagger.load(archive, language="de", tasks=["pos", "chunk"], constrained=False)
        (sentence,) = tagger("Er kam z.B. mit", probabilities="all", top_k=2)
        assert json.loads(output)["sentences"][0] == json.loads(json.dumps(sentence.to_json()))
        chosen, _ = tag(path, "--probabilities", "chosen")
        assert json.loads(chosen)["sentences"][0].keys() == {
            *("tokens", "tags", "spans", "offsets", "probabilities", "sequence_probabilities")
        }

    def test_standard_input(self, tag, monkeypatch):
        stream = io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"We\nleft\n")))
        monkeypatch.setattr(sys, "stdin", stream)
        output, _ = tag("-", "--input-format", "conll")
        assert [line.split(b"\t")[0] for line in output.splitlines()] == [b"We", b"left"]

    @pytest.mark.parametrize("form", ["text", "sentences", "tokens", "json", "conll", "conllu"])
    def test_empty_input(self, tag, tmp_path, form):
        path = tmp_path / "empty"
        path.write_bytes(b"")
        target = tmp_path / "output"
        _, (summary,) = tag(path, "--input-format", form, "-o", target)
        assert target.read_bytes() == b""
        assert summary.startswith("0 sentences, 0 tokens, ")

    def test_a_million_blank_lines(self, tag, tmp_path):
        path = tmp_path / "blank.conll"
        path.write_bytes(b"\n" * 1_000_000)
        output, (summary,) = tag(path)
        assert output == path.read_bytes()
        assert summary.startswith("0 sentences")


class TestErrors:
    def test_a_broken_record_stops(self, tag, tmp_path):
        target = tmp_path / "output"
        path = tmp_path / "input.conll"
        path.write_bytes(b"We\nleft\n\n" * 5_000 + b"a\nb c\n\n")
        _, (error,) = tag(path, "-o", target, status=1)
        message, _, remains = error.partition("; what was tagged before is in ")
        assert message.startswith(f"error: {path}:15002: expected 1 columns as in line 15001")
        assert remains == f"{target}.incomplete"
        tagged = Path(remains).read_bytes()
        assert tagged.startswith(b"We\t")
        assert tagged.endswith(b"\n\n")
        assert not target.exists()

    def test_a_broken_record_is_skipped(self, tag, tmp_path):
        path = tmp_path / "input.jsonl"
        path.write_bytes(
            b'{"tokens": ["We"]}\n\n{"tokens": "We"}\n'
            + b"\n" * 96
            + b'\xff\n{"sentence": "We."}\n'
        )
        output, (first, second, summary) = tag(path, "--on-error", "skip")
        lines = list(map(json.loads, output.splitlines()))
        assert [each.get("line") for each in lines] == [None, 3, 100, None]
        assert first == f"skipped {path}:3: 'tokens' must be a list of strings, found 'We'"
        assert second.startswith(f"skipped {path}:100: expected UTF-8")
        assert summary.startswith("2 sentences, 3 tokens")
        assert summary.endswith("2 skipped")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["none.txt"], "none.txt: there is no such file"),
            ([RAW, "--jobs", 0], "--jobs must be at least 1"),
            ([RAW, "--top-k", "-1"], "top_k must be 0 or more"),
            ([RAW, "--tasks", "ner"], "the model has no task 'ner'"),
            ([CONLL, "--probabilities", "all"], "are for --output-format json"),
            ([CONLLU, "--columns", "pos"], "--columns pos: expected TASK=COLUMN,..."),
            (
                [CONLLU, "--columns", "pos=UPOS,pos=XPOS"],
                "expected TASK=COLUMN,..., each task once",
            ),
            ([CONLLU, "--columns", "pos=LEMMA"], "a column is one of UPOS, XPOS, MISC"),
            ([CONLL, "--dataset", "wsj"], "there is no data set 'wsj'"),
            ([RAW, "-o", "fixtures"], "-o fixtures: expected a file, found a folder"),
            ([RAW, "-o", RAW], f"{RAW} is the output, too"),
        ],
    )
    def test_options(self, tag, arguments, message):
        output, (error,) = tag(*arguments, status=1)
        assert output == b""
        assert error.startswith("error: ")
        assert message in error

    def test_archives(self, tag, tmp_path):
        path = tmp_path / "model.tar.gz"
        _, (error,) = tag(RAW, model=path, status=1)
        assert error.startswith(f"error: {path}: there is no such model; check the path, or name")
        path.write_bytes(b"no archive")
        _, (error,) = tag(RAW, "-o", tmp_path / "output", model=path, status=1)
        assert error.startswith(f"error: {path}: this is neither a model file nor an archive")
        assert not (tmp_path / "output.incomplete").exists()

    def test_a_file_that_grows_while_it_is_read(self, tag, tmp_path, monkeypatch):
        path = tmp_path / "input.txt"
        path.write_bytes(b"We left.\n" * 3)
        read = Input.blocks

        def grows(*arguments):
            for block in read(*arguments):
                path.write_bytes(b"We left.\n" * 4)
                yield block

        monkeypatch.setattr(Input, "blocks", grows)
        _, (error,) = tag(path, "-o", tmp_path / "output", status=1)
        assert f"error: {path}: the file was changed while it was read (its size was 27" in error
        assert error.endswith(f"{tmp_path}/output.incomplete")

    def test_disk_is_full(self, tag):
        if not os.path.exists("/dev/full"):
            pytest.skip("no /dev/full")
        _, (error,) = tag(RAW, "-o", "/dev/full", status=1)
        assert error.startswith("error: [Errno 28] No space left on device")


class TestProcess:
    """As the user runs it."""

    @pytest.fixture
    def large(self, tmp_path) -> Path:
        path = tmp_path / "large.conll"
        path.write_bytes(Path(CONLL).read_bytes() * 20_000)
        return path

    def start(self, *arguments, **options) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "bilstm_tagger", "tag", *map(str, arguments)],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # The background of a shell ignores interrupts, and so does what starts there.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            **options,
        )

    def test_closed_pipe(self, archive, large):
        process = self.start(archive, large, stdout=subprocess.PIPE)
        assert process.stdout.readline().startswith("The\t")
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait() == 141
        assert errors == ""

    def test_interrupt_from_the_keyboard(self, archive, large, tmp_path):
        target = tmp_path / "output"
        incomplete = tmp_path / "output.incomplete"
        process = self.start(archive, large, "-o", target, "--jobs", 2)
        while not (incomplete.exists() and incomplete.stat().st_size):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        # All processes get it.
        os.killpg(process.pid, signal.SIGINT)
        # The workers have ended, too: they would keep it open.
        errors = process.stderr.read()
        assert process.wait() == 130
        assert errors == f"interrupted; what was tagged before is in {incomplete}\n"
        assert not target.exists()
