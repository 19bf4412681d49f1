import gzip
import json

import pytest

from bilstm_tagger.experiments.records import (
    RunRecord,
    check_names,
    duration_text,
    hash_of,
    read_records,
    select,
    write_record,
    write_table,
)
from bilstm_tagger.text.errors import UserError


def record(name="a", seed=1, config_hash="0" * 12, **fields) -> RunRecord:
    defaults = {
        "status": "finished",
        "metrics": {"best_validation_f1": (50 + seed) / 100, "test_f1": (40 + seed) / 100},
        "curves": {"validation_f1": [0.1, 0.5]},
        "config": {"trainer": {"validation_metric": "+f1"}},
    }
    return RunRecord(name, config_hash, seed, **defaults | fields)


def write(folder, *records):
    for each in records:
        run = folder / each.name / f"seed-{each.seed}"
        run.mkdir(parents=True, exist_ok=True)
        write_record(run, each)


def test_comes_back_as_it_was_from_folder_and_table(tmp_path):
    records = [record("a", 1), record("a", 2, status="failed", error="no"), record("b", 1)]
    write(tmp_path, *reversed(records))
    assert read_records(tmp_path) == records
    table = write_table(tmp_path)
    assert len(table.read_text().splitlines()) == 3
    assert read_records(table) == records
    # A table that was copied without the folders of its runs.
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "runs.jsonl").write_bytes(table.read_bytes())
    assert read_records(tmp_path / "copy") == records


def test_a_folder_of_one_config_has_its_runs_alone(tmp_path):
    write(tmp_path, record("a", 1), record("b", 1), record("b", 2))
    assert [(each.name, each.seed) for each in read_records(tmp_path / "b")] == [("b", 1), ("b", 2)]
    assert len(read_records(tmp_path / "a", tmp_path / "b", tmp_path)) == 3


def test_the_table_has_a_column_for_each_metric(tmp_path):
    write(tmp_path, record(seed=3))
    (row,) = map(json.loads, write_table(tmp_path).read_text().splitlines())
    assert (row["seed"], row["best_validation_f1"], row["test_f1"]) == (3, 0.53, 0.43)


def test_the_table_is_read_by_pandas(tmp_path):
    pandas = pytest.importorskip("pandas")
    write(tmp_path, record(seed=1), record(seed=2), record("b", config_hash="0" * 11 + "1"))
    frame = pandas.read_json(write_table(tmp_path), lines=True)
    assert frame.groupby("name").test_f1.mean().to_dict() == pytest.approx({"a": 0.415, "b": 0.41})


def test_the_hash_is_of_the_config_but_for_its_seeds():
    config = {"model": {"type": "x", "size": 1}, "trainer": {"num_epochs": 1}}
    turned = {"trainer": {"num_epochs": 1}, "model": {"size": 1, "type": "x"}}
    seeded = config | {"random_seed": 1, "numpy_seed": 2, "pytorch_seed": 3}
    assert hash_of(config) == hash_of(turned) == hash_of(seeded)
    assert hash_of(config) != hash_of({**config, "trainer": {"num_epochs": 2}})


@pytest.mark.parametrize(
    "given, name",
    [("+f1", "f1"), ("-loss", "loss"), (["+b_f1", "+a"], "b_f1"), ([], None)],
)
def test_validation_metric(given, name):
    assert record(config={"trainer": {"validation_metric": given}}).validation_metric == name


def test_validation_metric_of_a_config_that_names_none():
    assert record(config={"trainer": {}}).validation_metric == "loss"
    assert record(config={}).validation_metric == "loss"


def test_nothing_there(tmp_path):
    with pytest.raises(UserError, match="no such file or folder"):
        read_records(tmp_path / "missing")
    with pytest.raises(UserError, match="no record of a run: give a folder that `allennlp"):
        read_records(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "1", '{"name": "a"}'])
def test_damaged_records(text, tmp_path):
    (tmp_path / "runs.jsonl").write_text("\n" + text + "\n")
    with pytest.raises(UserError, match=r"runs\.jsonl:2: no record of a run"):
        read_records(tmp_path / "runs.jsonl")
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(UserError, match=r"run\.json: no record of a run"):
        read_records(tmp_path)
    assert write_table(tmp_path, strict=False).read_text() == ""
    with pytest.raises(UserError, match=r"run\.json: no record of a run"):
        write_table(tmp_path)


@pytest.mark.parametrize(
    "field, value",
    [
        ("name", 5),
        ("config_hash", None),
        ("seed", "x"),
        ("seconds", "abc"),
        ("best_epoch", "4"),
        ("curves", None),
        ("curves", {"validation_f1": [0.5, "0.6"]}),
        ("machine", None),
        ("versions", ["1"]),
    ],
)
def test_a_field_of_the_wrong_kind(field, value, tmp_path):
    (tmp_path / "runs.jsonl").write_text(json.dumps(record().row() | {field: value}))
    with pytest.raises(UserError, match=rf"runs\.jsonl:1: no record of a run \(.*{field}"):
        read_records(tmp_path / "runs.jsonl")


def test_a_table_that_is_no_text(tmp_path):
    path = tmp_path / "runs.jsonl.gz"
    path.write_bytes(gzip.compress(b"{}"))
    with pytest.raises(UserError, match="not a text in UTF-8; expected a table"):
        read_records(path)


def test_two_runs_of_one_seed(tmp_path):
    """The same one may come twice; of two that differ, neither is lost."""
    for name, score in (("a", 0.5), ("b", 0.5), ("c", 0.6)):
        row = record(metrics={"test_f1": score}).row()
        (tmp_path / name).write_text(json.dumps(row) + "\n")
    assert len(read_records(tmp_path / "a", tmp_path / "b")) == 1
    with pytest.raises(UserError, match="c: .* seed 1 is there twice, with other results"):
        read_records(tmp_path / "a", tmp_path / "c")


def test_folders_that_are_links(tmp_path):
    (tmp_path / "disk").mkdir()
    write_record(tmp_path / "disk", record())
    (tmp_path / "runs").mkdir()
    for name in ("first", "second"):
        (tmp_path / "runs" / name).symlink_to(tmp_path / "disk")
    assert read_records(tmp_path / "runs") == [record()]
    assert write_table(tmp_path / "runs").read_text().count("\n") == 1


def test_some_configs(tmp_path):
    records = [record(name="a"), record(name="b", config_hash="0f"), record(name="c")]
    assert select(records, ()) == records
    assert [each.name for each in select(records, ["0f", "c"])] == ["b", "c"]
    check_names(records, ["0f", "c"])
    with pytest.raises(UserError, match="--configs: no run of d; there are: a, b, c"):
        check_names(records, ["a", "d"])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (3.26, "3.3 s"),
        (12.4, "12 s"),
        (119.0, "119 s"),
        (120.0, "2.0 min"),
        (7199.0, "120.0 min"),
        (9000.0, "2.5 h"),
    ],
)
def test_durations(seconds, text):
    assert duration_text(seconds) == text
