from pathlib import Path

import pytest

from bilstm_tagger.plugin.training.results_table import ResultsTable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.tsv"


def fill(table: ResultsTable) -> list[bool]:
    """Dev rises, falls, and comes back to the same: the first of equal ones is the best."""
    scores = [(0.5, 0.4), (0.75, 0.3), (0.25, 0.9), (0.75, 0.8)]
    return [
        table.add(epoch, "chunk", "chunk_f1", dev, test)[1]
        for epoch, (dev, test) in enumerate(scores, start=1)
    ]


def test_rows_by_hand(path):
    assert fill(ResultsTable(path, with_test=True)) == [True, True, False, False]
    assert path.read_text().splitlines() == [
        "epoch\ttask\tmetric\tdev\tbest_dev\ttest\ttest_at_best_dev",
        "1\tchunk\tchunk_f1\t0.5\t0.5\t0.4\t0.4",
        "2\tchunk\tchunk_f1\t0.75\t0.75\t0.3\t0.3",
        "3\tchunk\tchunk_f1\t0.25\t0.75\t0.9\t0.3",
        "4\tchunk\tchunk_f1\t0.75\t0.75\t0.8\t0.3",
    ]


def test_no_columns_of_a_test_set_where_there_is_none(path):
    ResultsTable(path, with_test=False).add(1, "pos", "pos_accuracy", 0.5, None)
    assert (
        path.read_text() == "epoch\ttask\tmetric\tdev\tbest_dev\n1\tpos\tpos_accuracy\t0.5\t0.5\n"
    )


def test_tasks_have_a_best_each(path):
    table = ResultsTable(path, with_test=False)
    assert table.best("pos") is None
    for epoch, (pos, chunk) in enumerate([(0.5, 0.9), (0.6, 0.8)], start=1):
        table.add(epoch, "pos", "pos_accuracy", pos, None)
        table.add(epoch, "chunk", "chunk_f1", chunk, None)
    assert [table.best(task).epoch for task in ("pos", "chunk")] == [2, 1]


def test_a_file_goes_on(path):
    fill(ResultsTable(path, with_test=True))
    whole = path.read_text()
    again = ResultsTable(path, with_test=True)
    again.keep_epochs(2)
    assert path.read_text() == "".join(whole.splitlines(keepends=True)[:3])
    again.add(3, "chunk", "chunk_f1", 0.25, 0.9)
    again.add(4, "chunk", "chunk_f1", 0.75, 0.8)
    assert path.read_text() == whole
