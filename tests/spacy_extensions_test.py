from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span, Token

from bilstm_tagger import spacy_extensions
from bilstm_tagger.tagging import Tagger
from bilstm_tagger.text.errors import UserError

TEXT = "Rain is expected \n in Lisbon.  Did the lights go out on Monday?\n"
NAMES = ("bilstm_tagger", "second", "probability", "tag_probabilities")


@pytest.fixture(autouse=True)
def _extensions():
    """None left behind."""
    yield
    for kind in (Doc, Span, Token):
        for name in filter(kind.has_extension, NAMES):
            kind.remove_extension(name)


def pipeline(archive: Path, **config) -> spacy.Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_tagger", config={"model": str(archive)} | config)
    return nlp


def test_probabilities(quickstart_archive):
    doc = pipeline(quickstart_archive, probabilities=True)(TEXT)
    sentences = Tagger.load(quickstart_archive)(TEXT, probabilities=True)
    assert doc._.bilstm_tagger == sentences
    tokens = [token for token in doc if not token.is_space]
    for task in ("pos", "chunk"):
        assert [token._.tag_probabilities[task] for token in tokens] == [
            value for each in sentences for value in each.probabilities[task]
        ]
    spans = doc.spans["chunk"]
    assert [span._.probability for span in spans] == [
        span.probability for each in sentences for span in each.spans["chunk"]
    ]
    assert all(0 < span._.probability <= 1 for span in spans)
    assert len(spans) > 2
    assert all(token._.tag_probabilities == {} for token in doc if token.is_space)
    assert doc[0 : len(doc)]._.probability is None


def test_spans_of_the_same_tokens():
    spacy_extensions.register("bilstm_tagger", True)
    doc = spacy.blank("en")("in Lisbon")
    phrase, name = Span(doc, 1, 2, label="NP"), Span(doc, 1, 2, label="LOC")
    spacy_extensions.keep_span(phrase, 0.75)
    spacy_extensions.keep_span(name, 0.5)
    assert (phrase._.probability, name._.probability) == (0.75, 0.5)


def test_no_probabilities_unless_asked_for(quickstart_archive):
    doc = pipeline(quickstart_archive)(TEXT)
    assert doc._.bilstm_tagger[0].probabilities == {}
    assert not Token.has_extension("tag_probabilities")
    assert not Span.has_extension("probability")


@pytest.mark.parametrize("probabilities", [False, True])
def test_stored_docs_have_them_too(quickstart_archive, probabilities):
    nlp = pipeline(quickstart_archive, probabilities=probabilities)
    doc = nlp(TEXT)
    stored = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    copies = [
        Doc(nlp.vocab).from_bytes(doc.to_bytes()),
        next(DocBin().from_bytes(stored).get_docs(nlp.vocab)),
        doc.copy(),
    ]
    for copied in copies:
        assert copied._.bilstm_tagger == doc._.bilstm_tagger
        if probabilities:
            assert [each._.probability for each in copied.spans["chunk"]] == [
                each._.probability for each in doc.spans["chunk"]
            ]
            assert [each._.tag_probabilities for each in copied] == [
                each._.tag_probabilities for each in doc
            ]


def test_joined_docs_have_them_too(quickstart_archive):
    nlp = pipeline(quickstart_archive, probabilities=True)
    docs = [nlp("Rain is expected."), nlp("Did the lights go out?")]
    with pytest.warns(UserWarning, match="W101"):  # of what belongs to a doc as a whole
        joined = Doc.from_docs(docs)
    tokens = [token for doc in docs for token in doc]
    assert [token._.tag_probabilities for token in joined] == [
        token._.tag_probabilities for token in tokens
    ]
    spans = [span for doc in docs for span in doc.spans["chunk"]]
    assert [span._.probability for span in joined.spans["chunk"]] == [
        span._.probability for span in spans
    ]


def test_extensions_of_others_stay(quickstart_archive):
    Span.set_extension("probability", default=0.5)
    with pytest.raises(UserError, match=r"another extension Span\._\.probability; remove"):
        pipeline(quickstart_archive, probabilities=True)
    assert pipeline(quickstart_archive)("Lisbon")[:]._.probability == 0.5
    Doc.set_extension("second", default=7)
    config = {"model": str(quickstart_archive)}
    with pytest.raises(UserError, match=r"another extension Doc\._\.second; give this"):
        spacy.blank("en").add_pipe("bilstm_tagger", name="second", config=config)
    assert Doc.get_extension("second")[0] == 7


def test_two_components(quickstart_archive):
    nlp = pipeline(quickstart_archive, spans=["chunk"], probabilities=True)
    config = {"model": str(quickstart_archive), "pos": "pos", "probabilities": True}
    nlp.add_pipe("bilstm_tagger", name="second", config=config)
    doc = nlp(TEXT)
    assert set(doc._.bilstm_tagger[0].tags) == {"chunk"}
    assert set(doc._.second[0].tags) == {"pos"}
    assert set(doc[0]._.tag_probabilities) == {"chunk", "pos"}
    assert all(span._.probability for span in doc.spans["chunk"])
