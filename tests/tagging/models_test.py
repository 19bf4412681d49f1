import pickle
import shutil
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
import spacy

from bilstm_tagger.command_line import main
from bilstm_tagger.tagging import Tagger, models
from bilstm_tagger.tagging.archives.model import read_archive
from bilstm_tagger.tagging.files.settings import TagSettings
from bilstm_tagger.tagging.files.shards import ShardedRun
from bilstm_tagger.tagging.loading import NoSuchModel, find_model
from bilstm_tagger.tagging.model_file import write_model

ARCHIVE = Path("fixtures/models/quickstart_0.1.0.tar.gz")
TOKENS = ["The", "old", "ferry", "left", "at", "noon", "."]
TAGS = "DET ADJ NOUN VERB ADP NOUN PUNCT".split()


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    write_model(path, *read_archive(ARCHIVE))
    return path


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    """The folder of the models of this package, empty."""
    (tmp_path / "own").mkdir()
    monkeypatch.setattr(models, "_OWN_FOLDER", tmp_path / "own")
    return tmp_path / "own"


@pytest.fixture
def install(tmp_path, monkeypatch, file):
    """Puts a package where Python finds it; its code must not run."""

    def run(name="legal", value="legal_models", folder="legal_models") -> Path:
        site = tmp_path / "site"
        package = site / folder
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("raise SystemExit('imported')")
        shutil.copy(file, package / f"{name}.safetensors")
        information = site / f"{folder.replace('/', '_')}-2.1.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {folder.replace('/', '-')}\nVersion: 2.1\n"
        )
        entry = f"[bilstm_tagger.models]\n{name} = {value}\n"
        (information / "entry_points.txt").write_text(entry)
        monkeypatch.syspath_prepend(site)
        return package / f"{name}.safetensors"

    return run


def test_no_model_is_installed(own):
    assert models.installed_models() == []
    assert models.installed_model("english") is None


def test_a_model_of_this_package(own, file):
    shutil.copy(file, own / "english.safetensors")
    (model,) = models.installed_models()
    version = distribution("bilstm-tagger").version
    assert model == ("english", own / "english.safetensors", f"bilstm-tagger {version}")
    assert models.installed_model("english") == model
    assert Tagger.load("english").tag_tokens(TOKENS).tags["pos"] == TAGS


def test_it_is_found_without_a_look_at_other_packages(own, file, monkeypatch):
    shutil.copy(file, own / "english.safetensors")
    monkeypatch.setattr("importlib.metadata.entry_points", None)
    assert models.installed_model("english") is not None
    assert find_model("./fixtures") == "./fixtures"
    with pytest.raises(TypeError):
        models.installed_model("french")


def test_a_model_of_another_package_which_is_not_imported(own, install):
    path = install()
    (model,) = models.installed_models()
    assert model == ("legal", path, "legal_models 2.1")
    assert models.installed_model("legal") == model
    assert Tagger.load("legal").tag_tokens(TOKENS).tags["pos"] == TAGS
    assert "legal_models" not in sys.modules


def test_what_would_have_to_be_imported_is_left_out(own, install):
    install(value="outer.inner", folder="outer/inner")
    assert models.installed_models() == []
    assert "outer" not in sys.modules


@pytest.mark.parametrize(
    "settings", [{"name": "../legal_models/legal"}, {"value": "no_such_package"}]
)
def test_packages_without_their_model_are_left_out(own, install, settings):
    install(**settings)
    assert models.installed_models() == []
    with pytest.raises(NoSuchModel):
        find_model("legal")


def test_own_models_come_first(own, install, file):
    install(name="english")
    shutil.copy(file, own / "english.safetensors")
    (model,) = models.installed_models()
    assert model.path == own / "english.safetensors"
    assert models.installed_model("english") == model


def test_of_two_packages_the_one_that_is_loaded_is_listed(own, install):
    for package in ("legal_a", "legal_b", "legal_c"):
        install(value=package, folder=package)
    assert models.installed_models() == [models.installed_model("legal")]


def test_a_name_wins_over_a_file(own, file, tmp_path, monkeypatch):
    shutil.copy(file, own / "english.safetensors")
    (tmp_path / "english").write_text("not a model")
    (tmp_path / "french").write_text("not a model")
    monkeypatch.chdir(tmp_path)
    assert find_model("english") == own / "english.safetensors"
    for path in ("./english", Path("english"), "french"):
        assert find_model(path) == path


def test_commands_and_components_take_names(own, file, tmp_path, capsys):
    shutil.copy(file, own / "english.safetensors")
    (tmp_path / "text").write_text(" ".join(TOKENS) + "\n")
    tag = ["tag", "english", str(tmp_path / "text"), "-o", str(tmp_path / "tagged")]
    main([*tag, "--input-format", "tokens", "--output-format", "conll"])
    columns = [line.split("\t") for line in (tmp_path / "tagged").read_text().splitlines() if line]
    assert [column[2] for column in columns] == TAGS
    main(["calibration", "english", "fixtures/corpus/dev.conll"])
    assert "english on fixtures/corpus/dev.conll" in capsys.readouterr().out
    nlp = spacy.blank("en")
    component = nlp.add_pipe("bilstm_tagger", config={"model": "english"})
    assert [token.pos_ for token in nlp(" ".join(TOKENS))] == TAGS
    assert pickle.loads(pickle.dumps(component))._model == "english"
    settings = TagSettings("english", "IN", "text", "json")
    run = ShardedRun.of(settings, "IN", str(tmp_path / "output"))
    assert run.files["model"] == str(own / "english.safetensors")


@pytest.mark.parametrize("model", ["german", "no/such.tar.gz", Path("german")])
def test_an_unknown_model(own, install, file, model):
    install()
    shutil.copy(file, own / "english.safetensors")
    with pytest.raises(FileNotFoundError) as caught:
        Tagger.load(model)
    assert str(caught.value) == (
        f"{model}: there is no such model; check the path, or name an installed model: english, "
        "legal"
    )


def test_without_any_model(own):
    with pytest.raises(NoSuchModel, match="name an installed model: there are none$"):
        find_model("german")
