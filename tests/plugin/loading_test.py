import io
import os
import sys
from pathlib import Path

import pytest
import torch
from allennlp.data import Batch
from allennlp.models import load_archive
from allennlp.predictors import Predictor

from bilstm_tagger.plugin.loading import load_safely
from bilstm_tagger.tagging.archives.limits import Limits, UnsafeModel
from bilstm_tagger.text.column_format import ColumnFormat
from bilstm_tagger.text.columns import read_sentences

CORPUS = "fixtures/corpus/dev.conll"
POS = "fixtures/corpus/pos.conllu"
PAPERS = ("lample2016", "sogaard_goldberg2016", "huang2015", "ma_hovy2016")

_opened: list[tuple[str, object]] = []
_listening = False


def _listen(event: str, arguments: tuple) -> None:
    if _listening and event in ("open", "os.mkdir", "os.rename", "os.remove", "os.symlink"):
        writes = event != "open" or arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        _opened.append(("write" if writes else "read", arguments[0]))


sys.addaudithook(_listen)


@pytest.fixture
def files_touched():
    """What Python opens and changes from now on."""
    global _listening
    _opened.clear()
    _listening = True
    yield _opened
    _listening = False


def state(archive) -> dict[str, torch.Tensor]:
    return archive.model.state_dict()


def tags(archive):
    layout = ColumnFormat({"tokens": 0, "pos": 1})
    sentences = [
        {"tokens": each.tokens, "pos": each.columns["pos"]}
        for each in read_sentences(CORPUS, layout)
    ][:40]
    return Predictor.from_archive(archive, "json_to_json").predict_batch_json(sentences)


def assert_same(safe, usual) -> None:
    assert state(safe).keys() == state(usual).keys()
    assert all(torch.equal(state(safe)[name], each) for name, each in state(usual).items())
    ours, theirs = safe.model.vocab, usual.model.vocab
    assert type(ours) is type(theirs)
    assert ours._token_to_index == theirs._token_to_index
    assert ours._index_to_token == theirs._index_to_token
    assert ours._non_padded_namespaces == theirs._non_padded_namespaces
    assert safe.meta == usual.meta and safe.model.training == usual.model.training
    assert tags(safe) == tags(usual)
    assert_same_scores(safe, usual)


def assert_same_scores(safe, usual) -> None:
    """What the tags are chosen by, to the bit."""
    scores = []
    for archive in (safe, usual):
        reader = archive.validation_dataset_reader
        path = {"conll2000": CORPUS} if len(reader.datasets) > 1 else CORPUS
        losses = []
        for instance in list(reader.read(path))[:20]:
            batch = Batch([instance])
            batch.index_instances(archive.model.vocab)
            losses.append(archive.model.eval()(**batch.as_tensor_dict())["loss"].item())
        scores.append(losses)
    assert scores[0] == scores[1]


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("name", ["quickstart_archive", "multitask_archive"])
def test_loads_as_allennlp_does(name, trust, request):
    path = request.getfixturevalue(name)
    assert_same(load_safely(path, trust), load_archive(path))


def kinds() -> dict[str, tuple[str, dict]]:
    indexers = "dataset_reader.token_indexers"
    embedders = "model.text_field_embedder.token_embedders"
    feature = {"type": "embedding", "vocab_namespace": "pos", "embedding_dim": 4}
    quickstart = "training_config/quickstart.jsonnet"
    return {
        **{name: (f"training_config/papers/{name}.jsonnet", {}) for name in PAPERS},
        "levels": ("training_config/multitask_levels.jsonnet", {}),
        "feature, LSTM, own vocabulary": (
            quickstart,
            {
                "dataset_reader.tasks": {"chunk": {"encoding": "BIO"}},
                f"{indexers}.pos": {"type": "column", "column": "pos"},
                f"{embedders}.pos": {**feature, "projection_dim": 3},
                f"{embedders}.characters": {"type": "character_lstm", "hidden_size": 5},
                f"{embedders}.words.trainable_unknown": True,
                "model.tasks": {
                    "chunk": {"type": "softmax", "encoding": "BIO", "constrained": True}
                },
                "model.encoder.dropout": 0.3,
                "model.task_identifier": True,
                "model.regularizer": {"regexes": [["weight", "l2"]]},
                "trainer.validation_metric": "+chunk_f1",
            },
        ),
    }


@pytest.mark.parametrize("kind", kinds())
def test_loads_whatever_is_trained(kind, train, small_vectors, tmp_path):
    config, changes = kinds()[kind]
    path: object = {"ewt": POS, "conll2000": CORPUS} if kind == "levels" else CORPUS
    overrides = {
        **(small_vectors if "quickstart" not in config else {}),
        "train_data_path": path,
        "validation_data_path": path,
        "test_data_path": path,
        "dataset_reader.max_instances": 60,
        "model.encoder.hidden_sizes": [6, 6, 6],
        "data_loader.batch_sampler.batch_size": 32,
        "trainer.num_epochs": 1,
        "trainer.callbacks": [],
        **changes,
    }
    archive = train(config, tmp_path / "model", overrides)
    assert_same(load_safely(archive), load_archive(archive))


def test_nothing_is_written_and_nothing_else_is_read(quickstart_archive, files_touched):
    load_safely(quickstart_archive)
    assert [each for each in files_touched if each[0] == "write"] == []
    read = {str(path) for _, path in files_touched if not str(path).endswith((".py", ".pyc"))}
    assert read == {str(quickstart_archive)}


def test_the_vector_file_is_not_needed(changed):
    words = "model.text_field_embedder.token_embedders.words.pretrained_file"
    path = changed(config={words: "http://localhost:1/x", "vocabulary.pretrained_file": "/etc/x"})
    assert tags(load_safely(path))


def test_overrides_and_other_weights(quickstart_archive, tmp_path):
    archive = load_safely(quickstart_archive, overrides={"model.embedding_dropout": 0.25})
    assert archive.model.embedding_dropout == 0.25
    other = {name: each + 1 for name, each in state(archive).items()}
    torch.save(other, tmp_path / "best_pos.th")
    for trust in (False, True):
        loaded = load_safely(quickstart_archive, trust, weights_file=tmp_path / "best_pos.th")
        assert all(torch.equal(each, other[name]) for name, each in state(loaded).items())
    (tmp_path / "best_pos.th").write_bytes(b"cposix\nmkdir\n(Vevil\ntR.")
    with pytest.raises(UnsafeModel, match="best_pos.th"):
        load_safely(quickstart_archive, weights_file=tmp_path / "best_pos.th")


class Payload(str):
    def __reduce__(self):
        return os.mkdir, (str(self),)


def saved(value) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


@pytest.mark.parametrize("trust", [False, True])
def test_weights_that_are_a_program(trust, changed, tmp_path):
    path = changed({"weights.th": saved(Payload(tmp_path / "evil"))})
    with pytest.raises(UnsafeModel, match=r"changed\.tar\.gz: weights\.th: "):
        load_safely(path, trust)
    assert not (tmp_path / "evil").exists()


def test_components_of_any_module_need_trust(changed, tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text(
        "from bilstm_tagger.plugin.models import BiLSTMTagger\nclass Evil(BiLSTMTagger): pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    path = changed(config={"model.type": "evil_module.Evil"})
    with pytest.raises(UnsafeModel, match=r"model\.type.*trust=True"):
        load_safely(path)
    assert "evil_module" not in sys.modules
    assert type(load_safely(path, trust=True).model).__name__ == "Evil"
    del sys.modules["evil_module"]


def test_the_folder_of_a_trusted_archive_is_private_and_removed(
    changed, packed, unpacked, tmp_path, monkeypatch
):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    path = changed({"extra/more.txt": b"more"})
    archive = load_safely(path, trust=True)
    assert Path(archive.model.serialization_dir).parent == folder
    assert list(folder.iterdir()) == []
    with pytest.raises(Exception, match="hidden_sizes"):
        load_safely(path, trust=True, overrides={"model.encoder.hidden_sizes": []})
    with pytest.raises(UnsafeModel, match="leads out"):
        load_safely(packed(tmp_path / "b.tar.gz", {**unpacked(path), "../x": b""}), trust=True)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("trust", [False, True])
def test_jsonnet_is_not_evaluated(trust, changed, tmp_path):
    (tmp_path / "secret").write_text("secret")
    config = "{a: importstr '%s', b: std.extVar('HOME')}" % (tmp_path / "secret")
    with pytest.raises(UnsafeModel, match="jsonnet is not evaluated") as error:
        load_safely(changed({"config.json": config.encode()}), trust)
    assert "secret'" not in str(error.value)


@pytest.mark.parametrize(
    "config",
    [
        {"model.encoder.hidden_sizes": [10**9]},
        {"model.encoder.hidden_sizes": [10**30]},
        {"model.text_field_embedder.token_embedders.casing.embedding_dim": 10**12},
        {"model.text_field_embedder.token_embedders.casing.num_embeddings": 10**12},
        {"model.text_field_embedder.token_embedders.words.embedding_dim": 10**10},
        {"model.text_field_embedder.token_embedders.characters.num_filters": 10**12},
        {"model.tasks.pos.encoder": {"hidden_sizes": [10**8]}},
        {"model.encoder.hidden_sizes": [-1]},
        {"dataset_reader.columns": {"pos": 1}},
        {"model.tasks": {"other": {"type": "crf"}}},
    ],
)
def test_sizes_in_the_config_take_no_memory(config, changed):
    with pytest.raises(UnsafeModel, match="must be those of one training|must name the column"):
        load_safely(changed(config=config))


@pytest.mark.parametrize(
    "change, what",
    [
        (lambda state: state.popitem(), "tensors are missing"),
        (lambda state: state.update(more=torch.ones(1)), "has no tensors ..more.."),
        (lambda state: state.update({min(state): torch.ones(1)}), "has the shape"),
        (lambda state: state.update({min(state): "text"}), "is no tensor"),
        (lambda state: state.update({min(state): torch.ones(1).expand(10**10)}), "the limit is"),
    ],
)
def test_weights_of_another_model(change, what, changed, unpacked, quickstart_archive):
    weights = torch.load(io.BytesIO(unpacked(quickstart_archive)["weights.th"]))
    change(weights)
    with pytest.raises(UnsafeModel, match=rf"weights\.th: .*{what}"):
        load_safely(changed({"weights.th": saved(weights)}))


@pytest.mark.parametrize(
    "files, what",
    [
        ({"vocabulary/sub/x.txt": b"a\n"}, r"sub/x\.txt: this is no file of a vocabulary"),
        ({"vocabulary/.hidden.txt": b"a\n"}, "no file of a vocabulary"),
        ({"vocabulary/x.so": b"a\n"}, "no file of a vocabulary"),
        ({"vocabulary/words.txt": b"a\nb\n"}, "no entry for unknown words"),
        ({"vocabulary/words.txt": b"@@UNKNOWN@@\na\na\n"}, "an entry twice"),
        ({"vocabulary/words.txt": b"@@UNKNOWN@@\n\xff\n"}, "no UTF-8"),
        ({"vocabulary/pos_labels.txt": b"A\n\x1b[2J\n"}, "control characters"),
        ({"vocabulary/pos_labels.txt": b"A@@NEWLINE@@B\n"}, "control characters"),
        ({"vocabulary/pos_labels.txt": b"A\n"}, "has the shape"),
        ({"vocabulary/pos_labels.txt": None}, "no labels of the task"),
        ({"vocabulary/non_padded_namespaces.txt": None}, "no such file"),
        ({"meta.json": b'{"version": "\\u001b[2J"}'}, "names no version"),
        ({"meta.json": b"[]"}, "expected a JSON object"),
    ],
)
def test_odd_vocabularies(files, what, changed):
    with pytest.raises(UnsafeModel, match=what):
        load_safely(changed(files))


def test_limits(quickstart_archive):
    with pytest.raises(UnsafeModel, match=r"_labels\.txt: .* labels, the limit is 3"):
        load_safely(quickstart_archive, limits=Limits(labels=3))
    with pytest.raises(UnsafeModel, match="the limit is 1000"):
        load_safely(quickstart_archive, limits=Limits(tensors=1000))
    with pytest.raises(UnsafeModel, match="above the limit of 5000"):
        load_safely(quickstart_archive, limits=Limits(unpacked=5000))


def test_the_lock_of_a_vocabulary_and_extras_are_no_harm(changed):
    path = changed({"vocabulary/.lock": b"", "results.tsv": b"a\tb\n", "meta.json": None})
    archive = load_safely(path)
    assert archive.meta is None and set(archive.config) == {"dataset_reader", "model", "vocabulary"}


def test_a_folder(quickstart_archive):
    with pytest.raises(UnsafeModel, match="this is a folder"):
        load_safely(quickstart_archive.parent, trust=True)
