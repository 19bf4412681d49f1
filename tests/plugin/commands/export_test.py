import os
import subprocess
import sys

import pytest
from allennlp.commands.subcommand import Subcommand

from bilstm_tagger import Tagger, __version__
from bilstm_tagger.plugin.commands import NAMES
from bilstm_tagger.tagging.model_file import read_model
from bilstm_tagger.text.spacy_rules import rules_of


def test_what_the_file_says_of_the_model(allennlp, quickstart_archive, tmp_path):
    output = tmp_path / "model.safetensors"
    about = ["--about", "name=english", "--about", "description=Tags = parts of speech"]
    allennlp("export", quickstart_archive, "-o", output, *about)
    assert read_model(output)[0].about == {
        "name": "english",
        "description": "Tags = parts of speech",
        "made by": f"bilstm_tagger {__version__}",
        "trained with": "AllenNLP 2.10.1",
    }


def test_an_unknown_key_is_refused_before_the_work(error_of, tmp_path):
    line = error_of("export", tmp_path / "none.tar.gz", "--about", "licens=MIT")
    assert line.startswith("error: 'licens=MIT': expected KEY=VALUE, each key once")
    assert "licence" in line


def test_rules_of_a_language(allennlp, quickstart_archive, tmp_path):
    output = tmp_path / "model.safetensors"
    allennlp("export", quickstart_archive, "-o", output)
    assert Tagger.load(output).specification.tokenizer is None
    allennlp("export", quickstart_archive, "-o", output, "--language", "de")
    tagger = Tagger.load(output)
    assert tagger.specification.tokenizer == rules_of("de")
    assert tagger.split("Er kam z.B. mit.")[0].tokens == ["Er", "kam", "z.B.", "mit", "."]


def test_a_language_without_rules_is_an_error(error_of, quickstart_archive, tmp_path):
    output = tmp_path / "model.safetensors"
    for language, problem in (("zh", "is a program, not rules"), ("qq", "spaCy cannot split text")):
        error = error_of("export", quickstart_archive, "-o", output, "--language", language)
        assert problem in error
    assert not output.exists()


@pytest.mark.parametrize("level, logged", [(None, False), ("INFO", True)])
def test_the_log_is_shown_only_to_those_who_ask(quickstart_archive, tmp_path, level, logged):
    output = tmp_path / "model.safetensors"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ALLENNLP_")}
    done = subprocess.run(
        [sys.executable, "-m", "allennlp", "export", quickstart_archive, "-o", output],
        env=environment if level is None else environment | {"ALLENNLP_LOG_LEVEL": level},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"{output}: 0.")
    if logged:
        assert " - INFO - allennlp.common.params - model.type = bilstm_tagger" in done.stderr
    else:
        assert done.stderr == ""


def test_every_command_of_this_package_is_quiet():
    own = {
        name
        for name, (command, _) in Subcommand._registry[Subcommand].items()
        if command.__module__.startswith("bilstm_tagger")
    }
    assert own == set(NAMES)
