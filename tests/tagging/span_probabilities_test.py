import pytest

from bilstm_tagger.tagging import Tagger, TokenizedSentence
from bilstm_tagger.tagging.span_probabilities import span_probabilities
from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.spans import Span

SENTENCES = [
    TokenizedSentence("The old harbour slept .".split()),
    TokenizedSentence(["Rain"]),
    TokenizedSentence("They sailed to Lisbon at noon in a very small boat .".split()),
]


@pytest.fixture(scope="module")
def tagger(quickstart_archive) -> Tagger:
    return Tagger.load(quickstart_archive)


def test_as_the_tagger_gives_them_for_those_that_it_predicts(tagger):
    tagged = tagger.tag(SENTENCES, probabilities=True)
    spans = [
        [
            Span(span.label, span.first_token, span.last_token + 1)
            for span in sentence.spans["chunk"]
        ]
        for sentence in tagged
    ]
    # A sentence of which nothing is asked, and another order.
    asked = [{"chunk": spans[0][::-1]}, {}, {"chunk": spans[2]}]
    chances = span_probabilities(tagger, SENTENCES, asked)
    expected = [[span.probability for span in sentence.spans["chunk"]] for sentence in tagged]
    assert chances[0]["chunk"] == pytest.approx(expected[0][::-1])
    assert chances[2]["chunk"] == pytest.approx(expected[2])
    assert len(expected[2]) > 1


def test_spans_of_one_token_and_no_span_are_all_that_can_be(tagger):
    labels = {label[2:] for label in tagger.specification.tasks["chunk"].labels if label != "O"}
    spans = [Span(label, 0, 1) for label in sorted(labels)]
    (chances,) = span_probabilities(tagger, SENTENCES[1:2], [{"chunk": spans}])
    (tagged,) = tagger.tag(SENTENCES[1:2], probabilities="all")
    assert sum(chances["chunk"]) + tagged.distributions["chunk"][0]["O"] == pytest.approx(1)


def test_a_label_that_is_not_known(tagger):
    asked = [{"chunk": [Span("XYZ", 0, 1)]}]
    assert span_probabilities(tagger, SENTENCES[:1], asked) == [{"chunk": [0.0]}]


def test_sentences_are_checked(tagger):
    with pytest.raises(DataFormatError, match="expected a list of tokens"):
        span_probabilities(tagger, [TokenizedSentence([])], [{"chunk": []}])
