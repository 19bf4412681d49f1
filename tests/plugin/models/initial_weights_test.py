import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model

from bilstm_tagger import Tagger
from bilstm_tagger.plugin.export import export_model
from bilstm_tagger.plugin.model_files import export_archive
from bilstm_tagger.plugin.models import BiLSTMTagger
from bilstm_tagger.plugin.tagging import tagger_of
from bilstm_tagger.tagging import TokenizedSentence
from bilstm_tagger.tagging.archives.model import read_archive
from bilstm_tagger.tagging.model_file import write_model
from bilstm_tagger.tagging.specification import Specification

CONFIG = "training_config/quickstart.jsonnet"
CORPUS = Path("fixtures/corpus")
VECTORS = Path("fixtures/vectors/vectors.16d.txt")
# Words, a character and labels that the first model does not have, beside some that it has.
NEW = "Zyx NOUN B-PROD _\nQwv X I-PROD _\nrain VERB B-VP _\n€ SYM O _\n\n"
EMBEDDERS = "model.text_field_embedder.token_embedders"
NO_FILE = {"vocabulary.pretrained_file": None, f"{EMBEDDERS}.words.pretrained_file": None}

Change = Callable[[dict[str, Any]], None]


class Start(NamedTuple):
    """A model as a training starts with it."""

    model: BiLSTMTagger
    reader: DatasetReader
    specification: Specification
    tensors: dict[str, numpy.ndarray]


def rows_of(tensor: numpy.ndarray, names: list[str]) -> dict[str, list[float]]:
    return dict(zip(names, tensor.tolist(), strict=True))


def words_of(tensors: dict[str, numpy.ndarray]) -> list[str]:
    return tensors["inputs.words.words"].tobytes().decode().split("\n")


def reversed_corpus(sentences: int = 20) -> str:
    """The first sentences of the training data, in another order: so are words and labels."""
    blocks = (CORPUS / "train.conll").read_text(encoding="utf-8").strip().split("\n\n")
    return "\n\n".join(reversed(blocks[:sentences])) + "\n\n"


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Start]:
    """Makes a model of the quickstart config with overrides, and with the vocabulary of a text."""

    def start(
        text: str, change: Change = lambda _: None, folder: str | None = None, **overrides: Any
    ) -> Start:
        path, vectors = tmp_path / "start.conll", tmp_path / "vectors.txt"
        path.write_text(text, encoding="utf-8")
        vectors.write_text(VECTORS.read_text() + "zyx" + 16 * " 0.5" + "\n")
        files = dict.fromkeys(NO_FILE, str(vectors))
        config = Params.from_file(CONFIG, json.dumps({**files, **overrides})).as_dict(quiet=True)
        change(config)
        params = Params(config)
        reader = DatasetReader.from_params(params.pop("dataset_reader"))
        instances = list(reader.read(str(path)))
        for instance in instances:
            reader.apply_token_indexers(instance)
        vocabulary = Vocabulary.from_params(params.pop("vocabulary"), instances=instances)
        torch.manual_seed(1)
        settings = params.pop("model")
        model = Model.from_params(settings, vocab=vocabulary, serialization_dir=folder)
        model.eval()
        return Start(model, reader, *export_model(model, reader))

    return start


@pytest.fixture
def continued(start: Callable[..., Start], quickstart_archive: Path) -> Callable[..., Start]:
    """As `start`, from the weights of the quickstart model."""

    def continued(text: str, *arguments: Any, **overrides: Any) -> Start:
        source = {"model.initial_weights": str(quickstart_archive)}
        return start(text, *arguments, **source | overrides)

    return continued


@pytest.fixture(scope="module")
def first(quickstart_archive: Path) -> Any:
    return read_archive(quickstart_archive)


def test_words_characters_and_values_keep_their_rows(continued, first):
    specification, tensors = first
    new = continued(NEW + reversed_corpus())
    ours, theirs = words_of(new.tensors), words_of(tensors)
    assert ours[: len(theirs)] != theirs
    rows = rows_of(new.tensors["inputs.words.vectors"], ours)
    assert rows_of(tensors["inputs.words.vectors"], theirs).items() <= rows.items()
    assert {*ours} - {*theirs} == {"zyx"}
    assert rows["zyx"] == [0.5] * 16
    for name, tensor, values in (
        ("characters", "embedding", "characters"),
        ("casing", "vectors", "values"),
    ):
        ours, theirs = (
            getattr(part.inputs[name], values) for part in (new.specification, specification)
        )
        assert ours[: len(theirs)] != theirs
        rows = rows_of(new.tensors[f"inputs.{name}.{tensor}"], ours)
        assert rows_of(tensors[f"inputs.{name}.{tensor}"], theirs).items() <= rows.items()
    assert "€" in new.specification.inputs["characters"].characters
    for name in ("inputs.characters.weight", "encoder.0.backward.recurrent_weight"):
        assert (new.tensors[name] == tensors[name]).all()


def test_labels_keep_their_rows_and_transitions(continued, first):
    specification, tensors = first
    new = continued(NEW + reversed_corpus(4))
    for task in ("pos", "chunk"):
        ours, theirs = (part.tasks[task].labels for part in (new.specification, specification))
        assert ours[: len(theirs)] != theirs
        kinds = ["scorer.weight", "scorer.bias"] + ["start", "end"] * (task == "chunk")
        for kind in kinds:
            rows = rows_of(new.tensors[f"tasks.{task}.{kind}"], ours)
            assert rows_of(tensors[f"tasks.{task}.{kind}"], theirs).items() <= rows.items()
    order = [ours.index(label) for label in theirs]
    transitions = new.tensors["tasks.chunk.transitions"][numpy.ix_(order, order)]
    assert (transitions == tensors["tasks.chunk.transitions"]).all()


def test_new_rows_are_those_of_a_training_from_the_start(start, continued):
    # No label is of the first model alone, so that both models have the same.
    text = NEW + (CORPUS / "train.conll").read_text(encoding="utf-8")
    new, without = continued(text), start(text)
    labels = new.specification.tasks["chunk"].labels
    assert labels == without.specification.tasks["chunk"].labels
    row = labels.index("B-PROD")
    for name in ("scorer.weight", "scorer.bias", "transitions", "start", "end"):
        ours, theirs = (part.tensors[f"tasks.chunk.{name}"] for part in (new, without))
        assert (ours[row] == theirs[row]).all()
        assert (ours != theirs).any()


@pytest.mark.parametrize("as_file", [False, True])
def test_predictions_stay_the_same(start, quickstart_archive, tmp_path, as_file, caplog):
    source = quickstart_archive
    if as_file:
        source = tmp_path / "model.safetensors"
        export_archive(quickstart_archive, source, half_words=True)
    new = start(reversed_corpus(), **{"model.initial_weights": str(source), **NO_FILE})
    # Words and vectors are those of the first model: no file is missing.
    assert not [record for record in caplog.records if record.levelname == "WARNING"]
    sentences = [
        TokenizedSentence([line.split()[0] for line in block.splitlines()])
        for block in (CORPUS / "test.conll").read_text(encoding="utf-8").strip().split("\n\n")
    ]
    before = Tagger.load(source).tag(sentences, probabilities=True)
    after = tagger_of(new.model, new.reader).tag(sentences, probabilities=True)
    assert len(before) == len(after) == 75
    for old, now in zip(before, after, strict=True):
        assert now.tags == old.tags
        for task, probabilities in old.probabilities.items():
            assert now.probabilities[task] == pytest.approx(probabilities, abs=1e-4)


def test_an_installed_model_by_its_name(start):
    def as_english(config):
        config["model"]["text_field_embedder"]["token_embedders"]["characters"]["num_filters"] = 50
        config["dataset_reader"]["columns"] = {"tokens": 0, "upos": 1, "chunk": 2}
        for tasks in (config["dataset_reader"]["tasks"], config["model"]["tasks"]):
            tasks["upos"] = tasks.pop("pos")

    settings = {"model.encoder.hidden_sizes": [150, 150], f"{EMBEDDERS}.words.embedding_dim": 100}
    english = {"model.initial_weights": "english", **settings, **NO_FILE}
    new = start(reversed_corpus(), as_english, **english)
    tags = tagger_of(new.model, new.reader).tag_tokens(["Rivers", "flow", "."]).tags
    assert tags == {"upos": ["NOUN", "VERB", "PUNCT"], "chunk": ["B-NP", "B-VP", "O"]}
    assert new.model.carried_over[-1] == "not carried over: task ner, task sentence, task xpos"


def test_the_vector_of_unknown_words(continued, first):
    specification, tensors = first
    new = continued(NEW, **{f"{EMBEDDERS}.words.trainable_unknown": True})
    row = tensors["inputs.words.vectors"][specification.inputs["words"].unknown]
    unknown = new.model.text_field_embedder.token_embedder_words.unknown
    assert unknown.tolist() == row.tolist()
    assert unknown.requires_grad


def test_trained_words_are_new_or_carried_over(continued, first):
    overrides = {
        **NO_FILE,
        f"{EMBEDDERS}.words.trainable": True,
        "vocabulary.frequent_min_count": 1,
    }
    new = continued(NEW, **overrides)
    embedder = new.model.text_field_embedder.token_embedder_words
    assert embedder.weight.requires_grad
    names = words_of(new.tensors)
    assert {*names} - {*words_of(first[1])} == {"zyx", "qwv", "€"}
    has_vector = dict(zip(names, embedder.has_vector.tolist()[1:], strict=True))
    assert [name for name in names if not has_vector[name]] == ["@@UNKNOWN@@", "zyx", "qwv", "€"]


def test_vectors_of_another_file_are_one_warning(continued, tmp_path, caplog):
    other = tmp_path / "other.txt"
    other.write_text("rain" + 16 * " 0.5" + "\nthe" + 16 * " 0.5" + "\n")
    continued(NEW, **dict.fromkeys(NO_FILE, str(other)), **{"vocabulary.keep": "all"})
    messages = [record.getMessage() for record in caplog.records]
    assert sum("has other vectors than the model" in message for message in messages) == 1


def test_what_is_carried_over_is_told(continued):
    def change(config):
        config["dataset_reader"]["columns"] = {"tokens": 0, "extra": 1, "chunk": 2}
        for tasks in (config["dataset_reader"]["tasks"], config["model"]["tasks"]):
            tasks["extra"] = tasks.pop("pos")

    new = continued(NEW + reversed_corpus(), change, **{"model.encoder.hidden_sizes": [50, 50]})
    assert new.model.carried_over == [
        "casing: 6 carried over",
        "characters: 87 carried over, 1 new",
        "words: 499 carried over, 1 new with a vector",
        "layers of the encoder: 1 carried over, 1 new",
        "task chunk: 20 of 22 labels carried over; new: B-PROD, E-PROD; not in the training data: "
        "B-ADVP, E-ADVP, B-PP, E-PP",
        "task extra: new",
        "not carried over: task pos",
    ]


def test_a_task_without_data_keeps_its_labels(continued, first):
    def change(config):
        del config["dataset_reader"]["tasks"]["chunk"]

    new = continued(NEW, change)
    assert new.specification.tasks["chunk"].labels == first[0].tasks["chunk"].labels
    assert new.model.carried_over[-2].startswith("task chunk: 20 of 20 labels carried over")


def stored(first: Start, folder: Path) -> str:
    """The model file of a model."""
    path = folder / "first.safetensors"
    write_model(path, first.specification, first.tensors)
    return str(path)


def set_in(key: str, value: Any) -> Change:
    *path, last = key.split(".")

    def change(config: dict[str, Any]) -> None:
        for step in path:
            config = config[step]
        config[last] = value

    return change


CHARACTERS = f"{EMBEDDERS}.characters"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "model.encoder.hidden_sizes",
            [40],
            r"model.encoder.hidden_sizes is \[40\], and .* is \[50\]",
        ),
        (f"{CHARACTERS}.num_filters", 20, f"{CHARACTERS}.num_filters is 20, and .* is 30;"),
        (f"{CHARACTERS}.type", "character_lstm", "type is character_lstm, and .* character_cnn;"),
        (f"{CHARACTERS}.type", "empty", r"token_embedders is \['casing', 'words'\], and that"),
        (f"{EMBEDDERS}.casing.embedding_dim", 5, "casing.embedding_dim is 5, and that of .* is 10"),
        ("model.tasks.pos.type", "crf", "model.tasks.pos.type is crf, .* softmax; .* another name"),
        ("model.tasks.chunk.encoding", "BIO", "model.tasks.chunk.encoding is BIO, and .* IOBES"),
        (
            "model.tasks.pos.encoder",
            {"hidden_sizes": [3]},
            r"model.tasks.pos.encoder.hidden_sizes is \[3\], and that of .* is \[\]",
        ),
        ("model.encoder.hidden_sizes", [50, 7], "tasks.chunk.level: the size .* is 14, .* is 100"),
        ("model.task_identifier", True, "model.task_identifier is True, and that of .* is False"),
    ],
)
def test_what_does_not_fit_is_one_error(continued, key, value, message):
    def change(config):
        set_in(key, value)(config)
        if key == "model.tasks.chunk.encoding":
            config["dataset_reader"]["tasks"]["chunk"] = {"encoding": "BIO"}

    with pytest.raises(ConfigurationError, match=message) as caught:
        continued(reversed_corpus(3), change)
    assert "(model.initial_weights)" in str(caught.value)


def test_task_identifiers_belong_to_tasks(start, tmp_path):
    told = {"model.task_identifier": True}
    path = stored(start(NEW, **told), tmp_path)
    start(NEW, **{"model.initial_weights": path} | told)

    def change(config):
        config["model"]["tasks"]["new"] = {"type": "softmax"}
        config["dataset_reader"]["tasks"]["new"] = {"column": "pos"}

    with pytest.raises(ConfigurationError, match="model.task_identifier is true, and model.tasks "):
        start(NEW, change, **{"model.initial_weights": path} | told)


def test_own_layers_characters_by_lstm_and_layers_that_are_left_out(start, tmp_path):
    def change(config):
        embedders = config["model"]["text_field_embedder"]["token_embedders"]
        embedders["characters"] = {"type": "character_lstm"}
        config["model"]["tasks"]["pos"].update(encoder={"hidden_sizes": [3]}, level=1)
        config["model"]["tasks"]["chunk"]["level"] = 1

    first = start(NEW, change, **{"model.encoder.hidden_sizes": [50, 7]})
    # Other values than those of the seed.
    values = {name: t if name.endswith(".words") else t + 1 for name, t in first.tensors.items()}
    path = stored(first._replace(tensors=values), tmp_path)
    new = start(NEW, change, **{"model.initial_weights": path})
    assert new.tensors.keys() < first.tensors.keys()
    for name, tensor in new.tensors.items():
        assert (tensor == values[name]).all(), name
    assert new.model.carried_over[-1] == "not carried over: layer 2 of the encoder"


def test_what_is_no_model_is_one_error(continued, changed, tmp_path):
    (tmp_path / "text.tar.gz").write_text("no archive", encoding="utf-8")
    (tmp_path / "cut.tar.gz").write_bytes(changed().read_bytes()[:5000])
    (tmp_path / "empty").mkdir()
    other = changed(config={"model.type": "simple_tagger"})
    for source, message in (
        ("missing.tar.gz", "missing.tar.gz: there is no such file; .* installed model: english"),
        (tmp_path / "empty", "empty: the folder has no model.tar.gz; name an archive, or"),
        (tmp_path / "text.tar.gz", "text.tar.gz: this is neither a model file nor an archive"),
        (tmp_path / "cut.tar.gz", "cut.tar.gz: .*damaged"),
        (
            other,
            "config.json, model.type: .*'simple_tagger'.*; name a model that `bilstm-tagger tag`",
        ),
    ):
        with pytest.raises(ConfigurationError, match=message) as caught:
            continued(NEW, **{"model.initial_weights": str(source)})
        assert str(caught.value).startswith("model.initial_weights: ")
        assert "trust=True" not in str(caught.value)


OVERRIDES = {
    "train_data_path": "fixtures/corpus/dev.conll",
    "test_data_path": None,
    "trainer.num_epochs": 2,
    "trainer.checkpointer": {"keep_most_recent_by_count": 2},
}


def results(folder: Path) -> dict[str, Any]:
    weights = torch.load(folder / "best.th")
    return {name: tensor.tolist() for name, tensor in weights.items()}


def test_the_archive_stands_alone(allennlp, train, error_of, quickstart_archive, tmp_path, capsys):
    """The first model in a folder beside the config, which is gone before the second one is used;
    the training goes on after an interruption with the first model alone."""
    first, folder = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    shutil.copy(quickstart_archive, first)
    overrides = {**OVERRIDES, "model.initial_weights": str(first)}
    archive = train(CONFIG, folder, overrides)
    printed = capsys.readouterr()
    lines = (printed.out + printed.err).splitlines()
    start = lines.index(f"Weights of {first}:")
    assert lines[start + 1] == "  casing: 6 carried over"
    assert lines[start + 6] == "  task pos: 17 of 17 labels carried over"

    interrupted = tmp_path / "interrupted"
    shutil.copytree(folder, interrupted)
    for name in ("model.tar.gz", "metrics.json", "metrics_epoch_1.json", "best.th"):
        (interrupted / name).unlink()
    for path in interrupted.glob("*_state_e2_b0.th"):
        path.unlink()
    arguments = ("train", CONFIG, "-s", interrupted, "--recover", "-o", json.dumps(overrides))
    first.rename(tmp_path / "gone")
    assert "model.initial_weights: " in error_of(*arguments)
    (tmp_path / "gone").rename(first)
    allennlp(*arguments)
    printed = capsys.readouterr()
    assert "Weights of" not in printed.out + printed.err
    assert results(interrupted) == results(folder)

    shutil.rmtree(first)
    tagged = Tagger.load(archive).tag_tokens(["The", "rain", "stopped", "."]).tags
    text = tmp_path / "text.jsonl"
    text.write_text(json.dumps({"tokens": ["The", "rain", "stopped", "."]}), encoding="utf-8")
    allennlp("predict", archive, text, "--output-file", tmp_path / "tagged.jsonl")
    assert json.loads((tmp_path / "tagged.jsonl").read_text())["sentences"][0]["tags"] == tagged
    scores = tmp_path / "scores.json"
    allennlp("evaluate", archive, CORPUS / "dev.conll", "--output-file", scores)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert json.loads(scores.read_text())["chunk_f1"] == metrics["best_validation_chunk_f1"]
    assert export_archive(archive, tmp_path / "model.safetensors") < 1e-4


def test_a_training_does_not_go_on_with_another_vocabulary(continued, tmp_path):
    folder = str(tmp_path / "model")
    new = continued(NEW, lambda _: None, folder)
    new.model.vocab.save_to_files(f"{folder}/vocabulary")
    continued(NEW, lambda _: None, folder)
    with pytest.raises(ConfigurationError, match="cannot go on: the entries of '.*' in the voc"):
        continued(NEW + reversed_corpus(), lambda _: None, folder)


def test_many_labels_are_not_all_shown(continued):
    new = continued("".join(f"Zyx {tag} O _\n" for tag in "ABCDEFGH") + NEW)
    (line,) = [line for line in new.model.carried_over if line.startswith("task pos: ")]
    assert line.startswith("task pos: 17 of 25 labels carried over; new: A, B, C, D, E, F and 2 ")


def test_force_does_not_delete_the_model_that_it_starts_from(
    quickstart_archive, error_of, tmp_path
):
    folder = tmp_path / "model"
    shutil.copytree(quickstart_archive.parent, folder)
    archive = folder / "model.tar.gz"
    for source in (archive, folder):
        overrides = json.dumps({"model.initial_weights": str(source)})
        line = error_of("train", CONFIG, "-f", "-s", folder, "-o", overrides)
        assert "model.initial_weights is" in line and "-f (--force) deletes" in line
        assert archive.is_file()
