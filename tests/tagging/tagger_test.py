import json
import threading

import pytest

import bilstm_tagger
from bilstm_tagger.plugin.models import BiLSTMTagger
from bilstm_tagger.tagging import Tagger, TokenizedSentence
from bilstm_tagger.tagging.archives.limits import UnsafeArchive
from bilstm_tagger.text.columns import ColumnFormat, read_sentences
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.errors import DataFormatError, UserError

TEXT = "The old ferry left at noon. Nobody waved, and the harbour was quiet again!"


@pytest.fixture(scope="module")
def sentences() -> list[TokenizedSentence]:
    layout = ColumnFormat({"tokens": 0})
    return [
        TokenizedSentence(each.tokens)
        for each in read_sentences("fixtures/corpus/dev.conll", layout)
    ][:40]


@pytest.fixture
def unsure(tagger, monkeypatch) -> Tagger:
    """Scores so flat that forbidden sequences are likely."""
    for decoder in tagger.model.tasks.values():
        read = decoder.read
        monkeypatch.setattr(decoder, "read", lambda *args, read=read: read(*args) * 0.05)
        if hasattr(decoder, "crf"):
            transitions = decoder.crf.transitions
            monkeypatch.setattr(transitions, "data", transitions.data * 0.05)
    return tagger


def test_it_is_at_the_top_of_the_package():
    assert bilstm_tagger.Tagger is Tagger
    with pytest.raises(AttributeError, match="no attribute 'Taggr'"):
        bilstm_tagger.Taggr  # noqa: B018


def test_raw_text(tagger):
    first, second = tagger(TEXT)
    assert first.tokens == ["The", "old", "ferry", "left", "at", "noon", "."]
    for sentence in (first, second):
        assert [TEXT[start:end] for start, end in sentence.offsets] == sentence.tokens
        assert sentence.tags.keys() == {"chunk", "pos"}
        assert all(len(tags) == len(sentence.tokens) for tags in sentence.tags.values())
        for span in sentence.spans["chunk"]:
            assert span.text == TEXT[span.start : span.end]
            assert span.start == sentence.offsets[span.first_token][0]
            assert span.end == sentence.offsets[span.last_token][1]
            assert span.probability is None
        assert not sentence.probabilities and not sentence.alternatives
    assert "pos" not in first.spans
    assert second.spans["chunk"][0].label == "NP"


@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_nothing_to_tag(tagger, text):
    assert tagger(text) == []
    assert tagger.tag([]) == []


def test_tokens(tagger):
    sentence = tagger.tag_tokens(["Nobody", "waved"])
    assert sentence.offsets is None
    assert sentence.spans["chunk"][0].text == "Nobody"
    assert sentence.to_json() == {
        "tokens": ["Nobody", "waved"],
        "tags": sentence.tags,
        "spans": {"chunk": [each.to_json() for each in sentence.spans["chunk"]]},
    }


@pytest.mark.parametrize("tokens", [[], ["a", ""]])
def test_no_text_in_a_token(tagger, tokens):
    with pytest.raises(DataFormatError, match="expected tokens of some text"):
        tagger.tag_tokens(tokens)


def test_probabilities_and_alternatives_agree_with_each_other(tagger, sentences):
    plain = tagger.tag(sentences)
    rich = tagger.tag(sentences, probabilities="all", top_k=3)
    for before, each in zip(plain, rich, strict=True):
        assert each.tags == before.tags
        for task in ("chunk", "pos"):
            for tag, chance, all_chances in zip(
                each.tags[task], each.probabilities[task], each.distributions[task], strict=True
            ):
                assert all_chances[tag] == chance
                assert sum(all_chances.values()) == pytest.approx(1)
                assert list(all_chances) == sorted(all_chances)
            best = each.alternatives[task]
            assert best[0].tags == each.tags[task]
            assert best[0].probability == each.sequence_probabilities[task]
            chances = [other.probability for other in best]
            assert chances == sorted(chances, reverse=True) and sum(chances) <= 1 + 1e-9
            assert len({tuple(other.tags) for other in best}) == len(best)
            # A part is at least as probable as the whole.
            assert min(each.probabilities[task]) >= each.sequence_probabilities[task] - 1e-9
        for span in each.spans["chunk"]:
            tokens = each.probabilities["chunk"][span.first_token : span.last_token + 1]
            assert each.sequence_probabilities["chunk"] - 1e-9 <= span.probability
            assert span.probability <= min(tokens) + 1e-9
        assert [span.text for span in each.alternatives["chunk"][0].spans] == [
            span.text for span in each.spans["chunk"]
        ]
        assert each.alternatives["pos"][0].spans == []
    one = tagger.tag(sentences[:1], probabilities=True)[0]
    assert one.probabilities["pos"] == pytest.approx(rich[0].probabilities["pos"], rel=1e-5)
    assert not one.distributions
    shown = json.loads(json.dumps(rich[0].to_json()))
    assert shown["probabilities"]["chunk"] == pytest.approx(
        rich[0].probabilities["chunk"], rel=1e-5
    )
    assert shown["alternatives"]["chunk"][0]["tags"] == rich[0].tags["chunk"]
    assert shown["sequence_probabilities"].keys() == shown["distributions"].keys()


def test_more_alternatives_than_there_are(tagger):
    sentence = tagger.tag_tokens(["Nobody"], top_k=500, probabilities=True)
    best = sentence.alternatives["chunk"]
    assert 1 < len(best) < 500
    assert sum(each.probability for each in best) == pytest.approx(1)
    # All ways to tag one token are the distribution of its tag.
    chances = tagger.tag_tokens(["Nobody"], probabilities="all").distributions["chunk"][0]
    for each in best:
        assert chances[each.tags[0]] == pytest.approx(each.probability)


def test_constrained_unless_told_otherwise(unsure, sentences, quickstart):
    def violations(tagger, **options):
        encoding = get_encoding(tagger.reader.model_encodings["chunk"])
        decoder = tagger.model.tasks["chunk"]
        seen = []
        decode = type(decoder).decode
        for each in ("decode", "distribution"):
            assert hasattr(decoder, each)

        def watch(self, emissions, mask=None, constrained=None):
            ids = decode(self, emissions, mask, constrained)
            lengths = [emissions.shape[1]] * len(ids) if mask is None else mask.sum(1).tolist()
            for row, length in zip(ids.tolist(), lengths, strict=True):
                tags = [self.labels[tag] for tag in row[:length]]
                seen.append(encoding.first_violation(tags) is not None)
            return ids

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(decoder), "decode", watch)
            tagger.tag(sentences, **options)
        return sum(seen)

    model, reader = unsure.model, quickstart.dataset_reader
    assert violations(unsure) == 0
    assert violations(Tagger(model, reader, constrained=True)) == 0
    assert violations(Tagger(model, reader, constrained=False)) > 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model.tasks["chunk"], "constrained", False)
        assert violations(unsure) > 0
        assert violations(Tagger(model, reader, constrained=True)) == 0


def test_spans_of_unconstrained_tags_have_probabilities_too(unsure, sentences, quickstart):
    tagger = Tagger(unsure.model, quickstart.dataset_reader, constrained=False)
    for each in tagger.tag(sentences, probabilities="all"):
        assert all(0 <= span.probability <= 1 for span in each.spans["chunk"])
        for chances in each.distributions["chunk"]:
            assert sum(chances.values()) == pytest.approx(1)


def test_labels_that_leave_no_way_are_not_constrained(unsure):
    decoder = unsure.model.tasks["chunk"]
    assert decoder.constrains_prediction()
    start, moves, end = decoder.allowed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoder, "allowed", decoder.allowed._replace(end=end & False))
        assert not decoder.constrains_prediction()
        assert decoder.constrains_prediction(True)
    assert not unsure.model.tasks["pos"].constrains_prediction(True)


def test_some_tasks_alone(quickstart, tagger):
    alone = Tagger(quickstart.model, quickstart.dataset_reader, tasks=["pos"])
    sentence = alone.tag_tokens(["Nobody", "waved"], probabilities=True)
    whole = tagger.tag_tokens(["Nobody", "waved"], probabilities=True)
    assert sentence.tags == {"pos": whole.tags["pos"]}
    assert sentence.probabilities == {"pos": whole.probabilities["pos"]}
    assert sentence.spans == {}


def test_several_threads(tagger, sentences):
    expected = [each.tags for each in tagger.tag(sentences)]
    found: dict[int, list] = {}

    def tag(number: int) -> None:
        found[number] = [each.tags for each in tagger.tag(sentences)]

    threads = [threading.Thread(target=tag, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[number] == expected for number in range(4))


def test_wrong_settings(quickstart, tagger, tmp_path):
    model, reader = quickstart.model, quickstart.dataset_reader
    with pytest.raises(UserError, match="no task 'ner'; it has"):
        Tagger(model, reader, tasks=["ner"])
    with pytest.raises(UserError, match="this is for a model 'bilstm_tagger'"):
        Tagger(object(), reader)
    with pytest.raises(UserError, match="must be False, True or 'all', found 'some'"):
        tagger("Yes.", probabilities="some")
    with pytest.raises(UserError, match="top_k must be 0 or more, found -1"):
        tagger("Yes.", top_k=-1)
    with pytest.raises(FileNotFoundError):
        Tagger.load(tmp_path / "none.tar.gz")
    (tmp_path / "some.tar.gz").write_bytes(b"no archive")
    with pytest.raises(UnsafeArchive):
        Tagger.load(tmp_path / "some.tar.gz")


def test_repair_to_o_has_no_probabilities_of_tags_unconstrained(quickstart, monkeypatch):
    model: BiLSTMTagger = quickstart.model
    monkeypatch.setattr(model.tasks["chunk"], "repair", "O")
    monkeypatch.delattr(model.tasks["chunk"], "span_rules", raising=False)
    tagger = Tagger(model, quickstart.dataset_reader, constrained=False)
    with pytest.raises(UserError, match="leave decoding constrained"):
        tagger.tag_tokens(["Yes"], probabilities=True)
