import pytest

from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.inspection import (
    compare_files,
    inspect_file,
    look_up_shares,
    wanted_words,
)
from bilstm_tagger.text.tag_spelling import TagSpelling
from bilstm_tagger.text.task_column import TaskColumn

LAYOUT = DatasetLayout(
    {"tokens": 0, "pos": 1, "ner": 2}, {"pos": TaskColumn(), "ner": TaskColumn(encoding="BIO")}
)
TRAIN = "Ada NNP B-PER\nBerg NNP I-PER\nsang VBD O\n\nHe PRP O\nleft VBD O\n"


@pytest.fixture
def inspect(tmp_path):
    def run(content, layout=LAYOUT, name="x.conll"):
        path = tmp_path / name
        path.write_text(content)
        return inspect_file(path, layout)

    return run


def test_counts(inspect):
    inspection = inspect(TRAIN)
    assert inspection.lengths == [3, 2]
    assert (inspection.token_count, inspection.median_length) == (5, 2.5)
    assert inspection.tasks["pos"].counts == {"NNP": 2, "VBD": 2, "PRP": 1}
    assert inspection.tasks["ner"].counts == {"PER": 1}
    assert inspection.tasks["ner"].invalid_sentences == 0


def test_invalid_tags_are_counted_and_the_first_are_kept(inspect):
    wrong = "He PRP O\nleft VBD I-PER\n\n"
    ner = inspect(TRAIN + "\n" + 4 * wrong).tasks["ner"]
    assert ner.invalid_sentences == 4
    assert [fault.line for fault in ner.faults] == [9, 12, 15]
    assert "'I-PER' cannot follow 'O'" in str(ner.faults[0])
    assert (ner.unreadable, ner.unreadable_sentences) == (None, 0)
    assert ner.counts == {"PER": 5}


def test_tags_that_no_repair_reads(inspect):
    ner = inspect(TRAIN + "\nBo NNP X-PER\n\nHe PRP O\nleft VBD b_per\n").tasks["ner"]
    assert (ner.invalid_sentences, ner.unreadable_sentences) == (2, 2)
    assert ner.unreadable == ner.faults[0]
    assert [fault.line for fault in ner.faults] == [8, 11]
    assert ner.faults[0].problem.startswith("unknown prefix in 'X-PER'")


def test_spelling(inspect):
    task = TaskColumn(encoding="BIO", spelling=TagSpelling(separator="_", outside="0"))
    layout = DatasetLayout({"tokens": 0, "ner": 1}, {"ner": task})
    ner = inspect("Ada B_PER\nsang 0\n\nBo B-PER\n", layout).tasks["ner"]
    assert ner.counts == {"PER": 1}
    assert [fault.line for fault in ner.faults] == [4]


def test_spans_that_do_not_fit_are_widened_and_reported(inspect):
    layout = DatasetLayout({"tokens": "text", "ner": "label"}, {"ner": TaskColumn("BIO")}, "json")
    content = '{"text": "Ada sang.", "label": [[0, 2, "PER"]]}\n{"text": "Ho.", "label": []}\n'
    inspection = inspect(content, layout)
    assert inspection.tasks["ner"].counts == {"PER": 1}
    assert inspection.misfits == 1
    (fault,) = inspection.misfit_faults
    assert fault.line == 1
    assert "cuts a token of 'Ada'" in fault.problem
    with pytest.raises(DataFormatError, match="is not in the text"):
        inspect('{"text": "Ada sang.", "label": [[0, 99, "PER"]]}\n', layout)
    with pytest.raises(DataFormatError, match="at least one sentence"):
        inspect('{"text": " ", "label": []}\n', layout)


def test_comparison(inspect):
    train = inspect(TRAIN)
    other = inspect("He PRP O\nleft VBD O\n\nIda NNP B-LOC\nsang VBD O\n\nIda NN B-LOC\n")
    comparison = compare_files(train, other)
    assert comparison.seen_sentences == pytest.approx(1 / 3)
    assert comparison.unknown_tokens == pytest.approx(2 / 5)
    assert comparison.new_labels == {"pos": {"NN": 1}, "ner": {"LOC": 2}}


def test_look_up_shares(inspect):
    layout = DatasetLayout({"tokens": 0, "pos": 1}, {"pos": TaskColumn()})
    inspection = inspect("Ada X\nsang X\n12 X\nOslo X\n", layout)
    assert {"Ada", "ada", "NUMBER_TOKEN"} <= wanted_words([inspection])
    shares = look_up_shares(inspection, {"Ada", "ada", "oslo", "NUMBER_TOKEN"})
    assert shares == {"exact": 0.25, "lower-cased": 0.25, "normalised": 0.25, "unknown": 0.25}


def test_plain_labels_that_may_stand_for_others(tmp_path):
    path = tmp_path / "pos.conll"
    path.write_text("a NN\nb ?\nc NN|VB\nd VB\ne X|Y\n")
    layout = DatasetLayout({"tokens": 0, "pos": 1}, {"pos": TaskColumn()})
    assert inspect_file(path, layout).tasks["pos"].doubtful == {"?": 1, "NN|VB": 1}
    layout = DatasetLayout({"tokens": 0, "pos": 1}, {"pos": TaskColumn(partial=True)})
    task = inspect_file(path, layout).tasks["pos"]
    assert (task.partial_tokens, task.doubtful) == (3, {})
