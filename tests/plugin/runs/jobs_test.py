import json
from pathlib import Path

import pytest

from bilstm_tagger.experiments.records import write_record
from bilstm_tagger.plugin.runs.jobs import Job, folder_of_runs, jobs_of
from bilstm_tagger.plugin.runs.recording import record_of
from bilstm_tagger.text.errors import UserError


@pytest.fixture
def configs(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.jsonnet").write_text("{ trainer: { num_epochs: 1 + 1 } }")
    return [str(tmp_path / f"{name}.jsonnet") for name in "ab"]


def finish(job: Job) -> None:
    Path(job.folder).mkdir(parents=True)
    write_record(job.folder, record_of(job))


def test_each_config_from_each_seed(configs, tmp_path):
    jobs = jobs_of(configs, range(3, 5), str(tmp_path / "runs"), include_packages=["c"])
    assert [job.label for job in jobs] == ["a seed 3", "b seed 3", "a seed 4", "b seed 4"]
    job = jobs[3]
    assert job.folder == str(tmp_path / "runs" / "b" / "seed-4")
    assert job.config == {
        "trainer": {"num_epochs": 2},
        "random_seed": 4,
        "numpy_seed": 4,
        "pytorch_seed": 4,
    }
    assert (job.epochs, job.include_packages) == (2, ["c"])
    assert len({job.config_hash for job in jobs}) == 1


def test_overrides(configs, tmp_path):
    (job,) = jobs_of(configs[:1], [1], str(tmp_path), json.dumps({"trainer.num_epochs": 7}))
    assert job.epochs == 7
    assert job.config_hash != jobs_of(configs[:1], [1], str(tmp_path))[0].config_hash


def test_seeds_of_the_config_give_way(configs, tmp_path):
    Path(configs[0]).write_text("{ trainer: { num_epochs: 2 }, random_seed: 99 }")
    first, second = jobs_of(configs, [1], str(tmp_path))
    assert first.config["random_seed"] == 1
    assert first.config_hash == second.config_hash


def test_record(configs, tmp_path):
    job, other = jobs_of(configs[:1], [1, 2], str(tmp_path / "runs"))
    assert job.record() is None
    finish(job)
    assert job.record() == record_of(job)
    assert other.record() is None
    (Path(job.folder) / "run.json").write_text("{")
    assert job.record() is None


def test_a_config_that_was_changed(configs, tmp_path):
    """What it had trained is not taken for the new one's, nor overwritten."""
    finish(jobs_of(configs[:1], [1], str(tmp_path / "runs"))[0])
    Path(configs[0]).write_text("{ trainer: { num_epochs: 3 } }")
    with pytest.raises(UserError, match="another config of the name 'a'.*another folder"):
        jobs_of(configs[:1], [1], str(tmp_path / "runs"))


def test_another_seed_with_another_config(configs, tmp_path):
    """One name, one config."""
    finish(jobs_of(configs[:1], [1], str(tmp_path / "runs"))[0])
    Path(configs[0]).write_text("{ trainer: { num_epochs: 3 } }")
    with pytest.raises(UserError, match="seed-1/run.json is of another config"):
        jobs_of(configs[:1], [2], str(tmp_path / "runs"))


def test_a_half_done_run_of_another_config(configs, tmp_path):
    job, _ = jobs_of(configs[:1], [1, 2], str(tmp_path / "runs"))
    Path(job.folder).mkdir(parents=True)
    begun = Path(job.folder) / "config.json"
    begun.write_text(json.dumps(job.config))
    assert job.record() is None
    Path(configs[0]).write_text("{ trainer: { num_epochs: 3 } }")
    with pytest.raises(UserError, match="seed-1/config.json is of another config"):
        jobs_of(configs[:1], [1], str(tmp_path / "runs"))
    # Killed as it was written.
    begun.write_text("{")
    assert jobs_of(configs[:1], [1], str(tmp_path / "runs"))[0].record() is None


def test_names(tmp_path):
    path = tmp_path / "my config.jsonnet"
    path.write_text("{}")
    (job,) = jobs_of([str(path)], [1], str(tmp_path))
    assert (job.name, job.epochs) == ("my_config", 0)
    (job,) = jobs_of([str(path)], [1], str(tmp_path), name_of_all="other/name")
    assert (job.name, job.folder) == ("other_name", str(tmp_path / "other_name" / "seed-1"))
    with pytest.raises(UserError, match=r"'\.\.' is no name of a folder"):
        jobs_of([str(path)], [1], str(tmp_path), name_of_all="..")
    with pytest.raises(UserError, match="would both be 'my_config': give them"):
        jobs_of([str(path), str(path)], [1], str(tmp_path))
    with pytest.raises(UserError, match="missing.jsonnet: no such file"):
        jobs_of([str(tmp_path / "missing.jsonnet")], [1], str(tmp_path))


def test_what_cannot_be_read(configs, tmp_path):
    with pytest.raises(UserError, match="or the overrides, cannot be read: RUN"):
        jobs_of(configs[:1], [1], str(tmp_path), "{ trainer: error 'no' }")
    with pytest.raises(UserError, match=r"\(-o\) must be an object; found \[1\]"):
        jobs_of(configs[:1], [1], str(tmp_path), "[1]")
    for text in ("[1]", "'a'", "1"):
        Path(configs[0]).write_text(text)
        with pytest.raises(UserError, match="a.jsonnet must hold an object"):
            jobs_of(configs[:1], [1], str(tmp_path))
    Path(configs[0]).write_text("{ trainer: 'adam' }")
    with pytest.raises(UserError, match="'trainer' must be an object; found adam"):
        jobs_of(configs[:1], [1], str(tmp_path))
    Path(configs[0]).write_text("{ trainer: ")
    with pytest.raises(UserError, match="a.jsonnet cannot be read: STATIC ERROR.*:1:"):
        jobs_of(configs[:1], [1], str(tmp_path))


def test_a_file_instead_of_a_folder(tmp_path):
    assert folder_of_runs(str(tmp_path / "a" / "b")).is_dir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "runs"):
        with pytest.raises(UserError, match=f"-s {path}: there is a file of that name"):
            folder_of_runs(str(path))
