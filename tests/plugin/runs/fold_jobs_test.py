import json
from pathlib import Path

import pytest

from bilstm_tagger.experiments.out_of_fold import read_out_of_fold
from bilstm_tagger.plugin.runs.fold_jobs import cross_validation
from bilstm_tagger.text.errors import UserError

READER = {
    "type": "conll_columns",
    "columns": {"tokens": 0, "ner": 1},
    "tasks": {"ner": {"encoding": "BIO"}},
    "document_dividers": True,
}


DEV = "A O\n"


def documents(*counts: int) -> str:
    """A file of documents with these numbers of sentences."""
    return "".join("-DOCSTART- O\n\n" + "A O\n\n" * count for count in counts)


@pytest.fixture
def validation(tmp_path):
    """The cross-validation of a config with these data and settings."""

    def make(text, number, unit=None, **settings):
        (tmp_path / "data").write_text(text)
        (tmp_path / "data.dev").write_text(DEV)
        path = str(tmp_path / "data")
        config = {"dataset_reader": READER, "train_data_path": path, **settings}
        return cross_validation("a", config, number, unit, [1, 2], str(tmp_path / "runs"))

    return make


@pytest.mark.parametrize(
    ("text", "unit"), [(documents(1, 2), "document"), ("A O\n\nB O", "sentence")]
)
def test_documents_stay_together_where_there_are_some(validation, text, unit):
    assert validation(text, 2).folds.unit == unit
    assert validation(text, 2, "sentence").folds.unit == "sentence"


def test_more_folds_than_documents(validation):
    with pytest.raises(UserError, match="--folds is 3, and there are 2 documents: .*--by sentence"):
        validation(documents(1, 2), 3)
    assert validation(documents(1, 2), 3, "sentence").folds.number == 3


def test_one_document_or_sentence(validation):
    with pytest.raises(UserError, match="is 2, and there is 1 document: --by sentence$"):
        validation(documents(2), 2, "document")
    with pytest.raises(UserError, match="is 2, and there is 1 sentence: more are needed$"):
        validation("A O", 2)


def test_a_file_without_documents_beside_few_documents(validation, tmp_path):
    """It is not the number of documents that is wrong."""
    (tmp_path / "plain").write_text("A O\n\nB O\n\nC O")
    layout = {key: value for key, value in READER.items() if key != "type"}
    reader = {"type": "conll_columns", "datasets": {"a": layout, "b": layout}}
    path = {"a": str(tmp_path / "data"), "b": str(tmp_path / "plain")}
    made = validation(documents(2, 1), 3, dataset_reader=reader, train_data_path=path)
    assert made.folds.unit == "sentence"


def test_the_runs_of_a_fold(validation, tmp_path):
    made = validation(
        documents(1, 1),
        2,
        vocabulary={"type": "word_vectors"},
        validation_data_path=str(tmp_path / "data.dev"),
        trainer={"num_epochs": 7, "callbacks": ["best_epochs", {"type": "random_state"}]},
    )
    assert [[(job.name, job.seed) for job in of_fold] for of_fold in made.jobs] == [
        [("a/fold-1", 1), ("a/fold-1", 2)],
        [("a/fold-2", 1), ("a/fold-2", 2)],
    ]
    job = made.jobs[1][0]
    assert job.folder == str(tmp_path / "runs" / "a" / "fold-2" / "seed-1")
    assert job.predicts and job.epochs == 7
    divided = {"path": str(tmp_path / "data"), "folds": 2, "by": "document"}
    assert job.config["train_data_path"] == {**divided, "without": 2}
    assert job.config["test_data_path"] == {**divided, "only": 2}
    assert job.config["validation_data_path"] == str(tmp_path / "data.dev")
    assert job.config["evaluate_on_test"] is True
    assert job.config["trainer"]["callbacks"] == [{"type": "random_state"}]
    assert "datasets_for_vocab_creation" not in job.config
    assert len({job.config_hash for of_fold in made.jobs for job in of_fold}) == 2


@pytest.mark.parametrize("with_dev", [False, True])
def test_a_vocabulary_knows_nothing_of_the_fold(validation, with_dev, tmp_path):
    settings = {"validation_data_path": str(tmp_path / "data.dev")} if with_dev else {}
    job = validation(documents(1, 1), 2, **settings).jobs[0][0]
    expected = ["train", "validation"] if with_dev else ["train"]
    assert job.config["datasets_for_vocab_creation"] == expected


@pytest.mark.parametrize("vocabulary", [{}, {"type": "word_vectors"}])
def test_a_config_does_not_show_the_fold_to_the_vocabulary(validation, vocabulary):
    chosen = {"datasets_for_vocab_creation": ["train", "test"], "vocabulary": vocabulary}
    job = validation(documents(1, 1), 2, **chosen).jobs[0][0]
    assert job.config["datasets_for_vocab_creation"] == ["train"]


def test_a_vocabulary_by_its_name_alone(validation):
    job = validation(documents(1, 1), 2, vocabulary="word_vectors").jobs[0][0]
    assert "datasets_for_vocab_creation" not in job.config


def test_another_reader_of_validation_data(validation):
    with pytest.raises(UserError, match="'validation_dataset_reader'.*leave it out"):
        validation(documents(1, 1), 2, validation_dataset_reader={**READER, "ragged": True})
    validation(documents(1, 1), 2, validation_dataset_reader=READER)


@pytest.fixture
def begin_run(tmp_path):
    """Makes the folder that the run of a fold has as soon as it has begun."""
    return lambda fold: (tmp_path / "runs" / "a" / f"fold-{fold}" / "seed-1").mkdir(parents=True)


OTHER_DATA = "the data were others when the runs in .*runs/a were made: .*"


@pytest.mark.parametrize(
    "changed",
    ["A O\n\nC O\n\nC O", "A O\n\nB B-X\n\nC O", "A O\n\nB O\n\nC O\n\nD O"],
    ids=["a sentence", "a label", "one more sentence"],
)
def test_data_that_change_after_the_run_of_another_fold(validation, begin_run, changed):
    """What is in fold 2 is in the training of fold 1."""
    text = "A O\n\nB O\n\nC O"
    made = validation(text, 2)
    # Before there are runs, nothing is outdated.
    validation(changed, 2)
    made = validation(text, 2)
    begin_run(1)
    validation(text, 2)
    fix = r"data has changed; remove .*runs/a, or give another -s or --name$"
    with pytest.raises(UserError, match=OTHER_DATA + fix):
        validation(changed, 2)
    # The command that makes the other runs at that time does not take them together.
    with pytest.raises(UserError, match=OTHER_DATA + fix):
        made.merge()


def test_other_files_of_the_training_that_change(validation, begin_run, tmp_path, monkeypatch):
    model = tmp_path / "trained" / "model.tar.gz"
    model.parent.mkdir()
    model.write_text("1")
    settings = {
        "validation_data_path": str(tmp_path / "data.dev"),
        "model": {"initial_weights": str(model.parent)},
    }
    validation(documents(1, 1), 2, **settings)
    begin_run(2)
    model.write_text("2")
    with pytest.raises(UserError, match=OTHER_DATA + "trained has changed"):
        validation(documents(1, 1), 2, **settings)
    model.write_text("1")
    validation(documents(1, 1), 2, **settings)
    monkeypatch.setitem(globals(), "DEV", "A B-X\n")
    with pytest.raises(UserError, match=OTHER_DATA + "data.dev has changed"):
        validation(documents(1, 1), 2, **settings)


def test_runs_whose_data_are_not_known(validation, begin_run, tmp_path):
    begin_run(1)
    with pytest.raises(UserError, match=r"has runs, and no data\.json .*: remove"):
        validation(documents(1, 1), 2)
    (tmp_path / "runs" / "a" / "fold-1" / "seed-1").rmdir()
    (tmp_path / "runs" / "a" / "fold-1" / "seed-1.log").touch()
    validation(documents(1, 1), 2)


def test_several_data_sets(allennlp, small_vectors, tmp_path):
    """CoNLL-U with documents, and columns."""
    blocks = Path("fixtures/corpus/pos.conllu").read_text().split("\n\n")
    blocks = [f"# newdoc\n{block}" if i % 3 == 0 else block for i, block in enumerate(blocks)]
    conllu = tmp_path / "documents.conllu"
    conllu.write_text("\n\n".join(blocks))
    files = {"ewt": str(conllu), "conll2000": "fixtures/corpus/dev.conll"}
    overrides = {
        **small_vectors,
        "train_data_path": files,
        "validation_data_path": None,
        "model.encoder.hidden_sizes": [4],
        "data_loader.batch_sampler.batch_size": 4,
        "trainer.num_epochs": 1,
    }
    allennlp(
        *("crossval", "training_config/multitask_pos_chunking.jsonnet", "--folds", "2"),
        *("-s", tmp_path / "runs", "-o", json.dumps(overrides), "--name", "two", "--jobs", "2"),
    )
    sentences = list(read_out_of_fold(tmp_path / "runs" / "two" / "predictions.jsonl"))
    places = [(sentence.dataset, sentence.file, sentence.number) for sentence in sentences]
    counts = {name: sum(place[0] == name for place in places) for name in files}
    assert min(counts.values()) > 20
    # jsonnet sorts the data sets.
    assert places == [
        (name, files[name], number + 1) for name in sorted(files) for number in range(counts[name])
    ]
    assert {(sentence.dataset, *sentence.tasks) for sentence in sentences} == {
        ("ewt", "pos"),
        ("conll2000", "chunk"),
    }
