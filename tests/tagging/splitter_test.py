"""Raw text is split by the rules in the model file, without spaCy."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bilstm_tagger import command_line
from bilstm_tagger.tagging import Tagger
from bilstm_tagger.tagging.archives.model import read_archive
from bilstm_tagger.tagging.model_file import read_model, write_model
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.raw_text import SpacySplitter, split_text
from bilstm_tagger.text.spacy_rules import rules_of
from bilstm_tagger.text.tokenizer import Tokenizer
from bilstm_tagger.text.tokenizer_rules import TokenizerRules

ARCHIVE = "fixtures/models/quickstart_0.1.0.tar.gz"
TEXT = "Ms. Ada didn't reply (yet). See www.example.org/a-b, e.g. :)\tUnd er kam z.B. mit!"


def model_with(path: Path, rules) -> Path:
    specification, tensors = read_archive(ARCHIVE)
    write_model(path, msgspec.structs.replace(specification, tokenizer=rules), tensors)
    return path


@pytest.fixture(scope="module")
def english(tmp_path_factory) -> Path:
    return model_with(tmp_path_factory.mktemp("english") / "model.safetensors", rules_of("en"))


def tokens(tagger: Tagger) -> list[list[str]]:
    return [sentence.tokens for sentence in tagger.split(TEXT)]


def tokens_of(language: str) -> list[list[str]]:
    return [sentence.tokens for sentence in split_text(TEXT, language)]


def test_the_file_keeps_the_rules(english):
    assert read_model(english)[0].tokenizer == rules_of("en")
    assert english.stat().st_size - Path(ARCHIVE).stat().st_size < 150_000


def test_the_rules_of_the_model_split(english):
    own, by_spacy = Tagger.load(english), Tagger.load(english, tokenizer="spacy")
    assert isinstance(own.splitter, Tokenizer) and isinstance(by_spacy.splitter, SpacySplitter)
    assert own.language == by_spacy.language == "en"
    assert own(TEXT) == by_spacy(TEXT) == pickle.loads(pickle.dumps(own))(TEXT)
    assert isinstance(Tagger.load(english, language="en").splitter, Tokenizer)


def test_another_language_is_for_spacy(english, tmp_path):
    assert tokens(Tagger.load(english, language="de")) == tokens_of("de") != tokens_of("en")
    german = model_with(tmp_path / "german", rules_of("de"))
    tagger = Tagger.load(german)
    assert tagger.language == "de" and isinstance(tagger.splitter, Tokenizer)
    assert tokens(tagger) == tokens_of("de")
    assert tokens(Tagger.load(german, language="en")) == tokens_of("en")


def test_a_model_without_rules_is_split_by_spacy():
    tagger = Tagger.load(ARCHIVE)
    assert isinstance(tagger.splitter, SpacySplitter) and tagger.language == "en"
    with pytest.raises(UserError, match="'tokenizer' must be 'auto' or 'spacy', found 'nltk'"):
        Tagger.load(ARCHIVE, tokenizer="nltk")


# What each form of input of the command has.
INPUTS = {
    "text": TEXT + "\n",
    "sentences": TEXT + "\n" + "  It isn't.\n",
    "json": json.dumps({"sentence": TEXT}) + "\n" + json.dumps({"text": TEXT, "id": 1}) + "\n",
    "brat": TEXT,
}


def write_input(folder: Path, form: str) -> Path:
    path = folder / form
    if form != "brat":
        path.write_text(INPUTS[form])
        return path
    path.mkdir()
    (path / "a.txt").write_text(INPUTS[form])
    (path / "a.ann").write_text("")
    return path


@pytest.mark.parametrize("form", INPUTS)
def test_without_spacy(english, tmp_path, form):
    """The command tags as with spaCy, where that cannot be imported."""
    source = write_input(tmp_path, form)
    options = [str(english), str(source), "--input-format", form, "--output-format", "json", "-o"]
    program = (
        "import sys; sys.modules['spacy'] = None\n"
        "from bilstm_tagger.command_line import main\n"
        "main(sys.argv[1:])\n"
    )
    command = [sys.executable, "-c", program, "tag", *options]
    subprocess.run([*command, str(tmp_path / "own")], check=True, env=os.environ)
    command_line.main(["tag", *options, str(tmp_path / "spacy"), "--tokenizer", "spacy"])
    assert (tmp_path / "own").read_text() == (tmp_path / "spacy").read_text() != ""
    refused = subprocess.run(
        [*command, str(tmp_path / "refused"), "--language", "de"], capture_output=True, text=True
    )
    assert refused.returncode == 1 and "needs spacy, which is not installed" in refused.stderr


def test_rules_that_are_damaged(tmp_path, capsys):
    damaged = model_with(tmp_path / "damaged", TokenizerRules("en", suffix="a)"))
    source = write_input(tmp_path, "text")
    with pytest.raises(SystemExit) as end:
        command_line.main(["tag", str(damaged), str(source), "--input-format", "text"])
    error = capsys.readouterr().err
    assert end.value.code == 1 and "'suffix' is no regular expression" in error
