"""The English model of the package: by its name, by the command, without spaCy; its scores."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from english_tests import TESTS, main_score

from bilstm_tagger import Tagger
from bilstm_tagger.command_line import main
from bilstm_tagger.tagging import TokenizedSentence
from bilstm_tagger.tagging.model_file import read_model
from bilstm_tagger.tagging.models import installed_model

TEXT = "Ada Lovelace wrote to Charles Babbage in London. He answered at once."
LIST = "Shopping list\n\nmilk, eggs and flour\n\nDo not forget the honey!! Thanks a lot"
RECORDS = Path("models/english.jsonl")
DATA = Path("data")


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger.load("english")


def test_what_the_file_is():
    model = installed_model("english")
    assert model is not None
    assert model.path.stat().st_size < 16e6
    specification, tensors = read_model(model.path)
    assert specification.tagging_tasks == ["chunk", "ner", "upos", "xpos"]
    assert specification.about["licence"] == "CC-BY-SA-4.0"
    assert all(specification.tasks[task].temperature != 1 for task in specification.tagging_tasks)
    assert tensors["inputs.words.vectors"].dtype == "float16"
    assert {label[2:] for label in specification.tasks["ner"].labels} == {"", "PER", "ORG", "LOC"}


def test_raw_text(tagger):
    first, second = tagger(TEXT, probabilities=True)
    assert second.tokens == ["He", "answered", "at", "once", "."]
    assert first.tags["upos"][:4] == ["PROPN", "PROPN", "VERB", "ADP"]
    assert second.tags["xpos"] == ["PRP", "VBD", "IN", "RB", "."]
    names = [(span.label, span.text) for span in first.spans["ner"]]
    assert names == [("PER", "Ada Lovelace"), ("PER", "Charles Babbage"), ("LOC", "London")]
    assert all(0.5 < span.probability < 1 for span in first.spans["ner"])
    assert [span.label for span in second.spans["chunk"]][:2] == ["NP", "VP"]


def test_sentences_without_full_stops(tagger):
    assert [sentence.tokens[0] for sentence in tagger.split(LIST)] == [
        "Shopping",
        "milk",
        "Do",
        "Thanks",
    ]


def test_sentences_of_docs_of_spacy(tagger):
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_tagger", config={"model": "english"})
    text = " \n " + LIST + " \n"
    for doc in (nlp(text), *nlp.pipe([text, TEXT, " ", ""])):
        sentences = tagger(doc.text)
        assert doc._.bilstm_tagger == sentences
        if doc:
            words = [[t.text for t in sent if not t.is_space] for sent in doc.sents]
            assert words == [sentence.tokens for sentence in sentences] or not doc.text.strip()
    # Those of the doc stay.
    doc = nlp.make_doc(LIST)
    for token in doc:
        token.is_sent_start = token.i == 5
    assert [sent.start for sent in nlp(doc).sents] == [0, 5]


def test_temperatures_change_no_tag(tagger):
    without = Tagger.load("english", calibrated=False)
    both = (model(TEXT, probabilities=True) for model in (tagger, without))
    pairs = list(zip(*both, strict=True))
    assert all(one.tags == other.tags for one, other in pairs)
    assert all(one.probabilities != other.probabilities for one, other in pairs)


def test_the_command_needs_neither_spacy_nor_torch():
    program = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['spacy', 'torch', 'allennlp', 'scipy']))\n"  # no import
        "from bilstm_tagger.command_line import main\n"
        "main(['tag', 'english', '-', '--tasks', 'ner'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=TEXT, capture_output=True, text=True, check=True
    )
    (line,) = done.stdout.splitlines()
    assert [len(sentence["spans"]["ner"]) for sentence in json.loads(line)["sentences"]] == [3, 0]


def test_the_record_of_the_card_is_that_of_the_model():
    records = list(map(json.loads, RECORDS.read_text().splitlines()))
    (chosen,) = [record for record in records if record["chosen"]]
    specification, _ = read_model(installed_model("english").path)
    assert chosen["temperatures"] == {
        name: task.temperature for name, task in specification.tasks.items()
    }
    card = Path("models/english.md").read_text()
    for test in chosen["tests"].values():
        assert f"{100 * test['score']:.2f}" in card


@pytest.mark.corpora
@pytest.mark.parametrize("name", TESTS)
def test_scores_are_those_of_the_record(name, tagger):
    test = TESTS[name]
    if not (DATA / test.path).exists():
        pytest.skip("the corpora are not in data/")
    sentences = test.read(DATA)
    tagged = tagger.tag([TokenizedSentence(sentence.tokens) for sentence, _ in sentences])
    score = main_score(
        test, [gold for _, gold in sentences], [sentence.tags[test.task] for sentence in tagged]
    )
    records = map(json.loads, RECORDS.read_text().splitlines())
    (chosen,) = [record for record in records if record["chosen"]]
    assert score == pytest.approx(chosen["tests"][name]["score"], abs=5e-4)


def test_column_files_need_no_data_set(capsys):
    """The layouts of the training say nothing of a file that is to be tagged."""
    path = Path("fixtures/forms/names.iob2")
    main(["tag", "english", str(path), "--tasks", "ner"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition("\t")[0] for line in lines if line] == [
        line for line in path.read_text().splitlines() if line
    ]
