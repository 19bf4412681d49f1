import json
import os
import subprocess
import sys

import pytest

from bilstm_tagger.command_line import main
from bilstm_tagger.tagging import Tagger

TRAIN, DEV = "fixtures/corpus/train.conll", "fixtures/corpus/dev.conll"
VECTORS = "fixtures/vectors/vectors.16d.txt"


@pytest.fixture
def inspect(capsys):
    """The standard output of `bilstm-tagger inspect`."""

    def run(*arguments):
        main(["inspect", *map(str, arguments)])
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out

    return run


@pytest.fixture
def error(capsys):
    """The one line on standard error of a `bilstm-tagger inspect` that fails."""

    def run(*arguments):
        with pytest.raises(SystemExit) as caught:
            main(["inspect", *map(str, arguments)])
        assert caught.value.code == 1
        message = capsys.readouterr().err
        assert message.startswith("error: ")
        assert message.count("\n") == 1
        return message

    return run


def rows(output, name):
    """The cells of the rows of tables that start with a name."""
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in output.splitlines()]
    return [row[1:] for row in cells if row[0] == name]


def test_tables(inspect):
    output = inspect(TRAIN, DEV, "--vectors", VECTORS)
    assert output.startswith(f"{TRAIN}: 4 columns, blank lines between sentences\n")
    assert rows(output, "sentences") == [["380", "44"]]
    assert rows(output, "tokens") == [["3,313", "394"]]
    assert rows(output, "tokens not in TRAIN") == [["", "7.1 %"]]
    assert rows(output, "exact") == [["75.9 %", "75.9 %"]]
    assert rows(output, "unknown") == [["8.7 %", "5.1 %"]]
    assert "pos, column 1: plain labels\n" in output
    assert "chunk, column 2: spans in BIO\n" in output
    assert rows(output, "LOC") == [["55", "8"]]
    assert rows(output, "all") == [["3,313", "394"], ["1,998", "233"], ["160", "24"]]
    assert max(map(len, output.splitlines())) < 80


def test_dataset_reader_is_as_in_a_config(inspect):
    _, reader = inspect(TRAIN).split("The dataset reader of a config:\n\n")
    assert (
        reader
        == """\
  dataset_reader: {
    type: 'conll_columns',
    columns: { tokens: 0, pos: 1, chunk: 2, ner: 3 },
    tasks: {
      pos: {},
      chunk: { encoding: 'BIO', model_encoding: 'IOBES' },
      ner: { encoding: 'BIO', model_encoding: 'IOBES' },
    },
    token_indexers: input.token_indexers,
  },
"""
    )


@pytest.mark.parametrize("vectors", [(), ("--vectors", VECTORS)])
def test_config_trains(vectors, inspect, train, tmp_path):
    config = tmp_path / "new" / "config.jsonnet"
    output = inspect(TRAIN, DEV, *vectors, "--write-config", config)
    assert output.endswith(f"\nTrain with: allennlp train {config} -s RUN\n")
    overrides = {
        "trainer.num_epochs": 1,
        "model.encoder.hidden_sizes": [10],
        "train_data_path": DEV,
        "data_loader.batch_sampler.batch_size": 4,
    }
    archive = train(config, tmp_path / "run", overrides)
    sentence = Tagger.load(archive).tag_tokens(["It", "rains", "."])
    assert set(sentence.tags) == {"pos", "chunk", "ner"}


def test_many_labels_are_summed(inspect, tmp_path):
    path = tmp_path / "x"
    path.write_text("\n".join(f"w{i} {'T' * (1 + i)}" for i in range(30)) + "\n\nHe T\n")
    output = inspect(path)
    assert rows(output, "T") == [["2"]]
    assert rows(output, "10 others") == [["10"]]
    assert rows(output, "all") == [["31"]]
    assert output.count("│ T") == 20


def test_invalid_tags_and_new_labels(inspect, tmp_path):
    train, dev = tmp_path / "train.conll", tmp_path / "dev.conll"
    train.write_text("Ada B-PER\nsang O\n\nHe O\nleft O\n")
    dev.write_text("He O\nleft O\n\nIda I-[x]\nsang O\n")
    output = inspect(train, dev, "--write-config", tmp_path / "config.jsonnet")
    assert rows(output, "sentences in TRAIN, too") == [["", "50.0 %"]]
    assert "dev has labels that train has not: [x] (1)\n" in output
    assert "dev: the tags of 1 sentence are not as in BIO\n" in output
    assert f"  {dev}:4: 'I-[x]' cannot start a sentence in BIO; 'B-[x]' expected\n" in output
    assert "Proposed for invalid tags" in output
    assert "invalid_tags: 'repair'" in (tmp_path / "config.jsonnet").read_text()


def test_tags_that_cannot_be_read(inspect, error, tmp_path):
    train, dev = tmp_path / "train.conll", tmp_path / "dev.conll"
    train.write_text("Ada B-PER\nsang O\n")
    dev.write_text("Ida PER\nsang O\n")
    output = inspect(train, dev)
    assert f"No setting reads this; fix it before a training:\n  {dev}:1: 'PER' is" in output
    assert "repair" not in output
    config = tmp_path / "config.jsonnet"
    assert "no config is written" in error(train, dev, "--write-config", config)
    assert not config.exists()


def test_spans_that_do_not_fit(inspect, tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "Ada sang.", "label": [[0, 2, "PER"]]}\n')
    output = inspect(path)
    assert "ner, key 'label': spans by character offsets\n" in output
    assert f"{path}: 1 text with spans that do not fit the tokens\n  {path}:1: 'ner'" in output
    assert "    invalid_spans: 'widen',\n" in output


def test_doubt_is_said(inspect, tmp_path):
    path = tmp_path / "x"
    path.write_text("Ada nnp\nsang vbd\nHe prp\nleft vbd\n")
    assert inspect(path).startswith(f"{path}: 2 columns; it may be plain text, too\n")


def test_names_of_integers(inspect, error, tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"tokens": ["Ada", "sang"], "ner": [1, 0]}\n')
    assert "'ner' holds integers: give the names that they stand for" in error(path)
    layout = {
        "form": "json",
        "columns": {"tokens": "tokens", "ner": "ner"},
        "tasks": {"ner": {"encoding": "BIO", "labels": ["O", "B-PER"]}},
    }
    output = inspect(path, "--layout", json.dumps(layout))
    assert rows(output, "PER") == [["1"]]
    assert "labels: ['O', 'B-PER']" in output


def test_declared_layout(inspect, tmp_path):
    path = tmp_path / "x"
    path.write_text("Ada one PER-B\nsang two O\n")
    task = {"encoding": "BIO", "spelling": {"prefix": "last"}}
    layout = {"type": "conll_columns", "columns": {"tokens": 0, "x": 2}, "tasks": {"x": task}}
    output = inspect(path, "--layout", json.dumps(layout))
    assert "x, column 2: spans in BIO, spelled {prefix: 'last'}\n" in output
    assert rows(output, "PER") == [["1"]]
    assert "columns: { tokens: 0, x: 2 }" in output


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("{", "expected JSON with keys of the dataset reader"),
        ("[]", "expected JSON with keys of the dataset reader"),
        ('{"columns": {"tokens": 0}, "colour": 1}', "unknown field `colour`"),
        ('{"columns": {"tokens": 0, "pos": 1}}', "--layout has no tasks"),
        ('{"columns": {"tokens": 0}, "tasks": {"pos": {}}}', "The column 'pos'"),
    ],
)
def test_wrong_layouts(error, layout, message):
    assert message in error(TRAIN, "--layout", layout)


def test_what_cannot_be_done_is_one_line(error, tmp_path):
    config = tmp_path / "config.jsonnet"
    assert "there is no such file" in error(tmp_path / "x.conll")
    assert error("README.md").endswith("give its layout, --layout\n")
    assert "name one after TRAIN" in error(TRAIN, "--write-config", config)
    assert "is an input, too" in error(TRAIN, DEV, "--write-config", DEV)
    assert "no such file of word vectors" in error(TRAIN, "--vectors", tmp_path / "vectors")
    assert "cannot be written" in error(TRAIN, DEV, "--write-config", tmp_path)


def test_warnings_come_once(capfd, tmp_path):
    path = tmp_path / "x"
    path.write_text("Ada NNP\nsang VBD\n" * 300)
    command = [sys.executable, "-m", "bilstm_tagger", "inspect", path]
    process = subprocess.run(command, check=True, capture_output=True, text=True)
    assert process.stderr.count("one sentence of 600 tokens") == 1


@pytest.mark.parametrize("arguments", [["inspect", TRAIN], ["configs"]])
def test_a_reader_that_has_gone_is_no_error(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "bilstm_tagger", *arguments]
    process = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (process.returncode, process.stderr) == (141, "")


def test_neither_torch_nor_allennlp_is_imported(tmp_path):
    program = (
        "import sys; from bilstm_tagger.command_line import main\n"
        f"main(['inspect', {TRAIN!r}, {DEV!r}, '--write-config', {str(tmp_path / 'x')!r}])\n"
        "assert not {'torch', 'allennlp', 'spacy', 'pyarrow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
