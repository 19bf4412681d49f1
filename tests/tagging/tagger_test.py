import json
import multiprocessing
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import msgspec
import pytest
from threadpoolctl import threadpool_info

import bilstm_tagger
from bilstm_tagger.tagging import Tagger, TokenizedSentence
from bilstm_tagger.tagging.archives.limits import UnsafeModel
from bilstm_tagger.tagging.network import Chain
from bilstm_tagger.tagging.prediction import PredictionOptions
from bilstm_tagger.text.column_format import ColumnFormat
from bilstm_tagger.text.columns import read_sentences
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


class Flat:
    """A source of scores so flat that forbidden sequences are likely."""

    def __init__(self, source) -> None:
        self._source = source
        self.inputs = source.inputs
        self.chains = {
            task: Chain(*(0.05 * scores for scores in chain))
            for task, chain in source.chains.items()
        }

    def emissions(self, sentences, tasks):
        for emissions in self._source.emissions(sentences, tasks):
            scores = {task: 0.05 * each for task, each in emissions.scores.items()}
            yield emissions._replace(scores=scores)


@pytest.fixture
def unsure(tagger) -> Callable[..., Tagger]:
    """Makes a tagger, with changes of its task of chunks, and settings."""

    def make(task=None, **settings) -> Tagger:
        specification = tagger.specification
        tasks = dict(specification.tasks)
        tasks["chunk"] = msgspec.structs.replace(tasks["chunk"], **(task or {}))
        changed = msgspec.structs.replace(specification, tasks=tasks)
        return Tagger(changed, Flat(tagger.source), **settings)

    return make


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
    with pytest.raises(DataFormatError, match="expected a list of tokens of some text"):
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


def test_constrained_unless_told_otherwise(unsure, sentences):
    def violations(tagger):
        """Of the sequences of the model, which are written as they are in this encoding."""
        predictor = tagger.predictors["chunk"]
        encoding = get_encoding("IOBES")
        wrong = 0
        for emissions in tagger.source.emissions(sentences, ["chunk"]):
            options = PredictionOptions.of(constrained=tagger.constrained)
            ids = predictor.decode(emissions.scores["chunk"], emissions.lengths, options)
            for row, length in zip(ids.tolist(), emissions.lengths, strict=True):
                tags = [predictor.labels[tag] for tag in row[:length]]
                wrong += encoding.first_violation(tags) is not None
        return wrong

    assert violations(unsure()) == 0
    assert violations(unsure(constrained=True)) == 0
    assert violations(unsure(constrained=False)) > 0
    assert violations(unsure({"constrained": False})) > 0
    assert violations(unsure({"constrained": False}, constrained=True)) == 0


def test_spans_of_unconstrained_tags_have_probabilities_too(unsure, sentences):
    for each in unsure(constrained=False).tag(sentences, probabilities="all"):
        assert all(0 <= span.probability <= 1 for span in each.spans["chunk"])
        for chances in each.distributions["chunk"]:
            assert sum(chances.values()) == pytest.approx(1)


def test_some_tasks_alone(quickstart_archive, tagger):
    alone = Tagger.load(quickstart_archive, tasks=["pos"])
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


def test_wrong_settings(tagger, tmp_path):
    model = tagger.specification, tagger.source
    with pytest.raises(UserError, match="no task 'ner'; it has"):
        Tagger(*model, tasks=["ner"])
    with pytest.raises(UserError, match="no data set 'news'"):
        Tagger(*model, dataset="news")
    with pytest.raises(UserError, match="must be False, True or 'all', found 'some'"):
        tagger("Yes.", probabilities="some")
    with pytest.raises(UserError, match="top_k must be 0 or more, found -1"):
        tagger("Yes.", top_k=-1)
    with pytest.raises(FileNotFoundError):
        Tagger.load(tmp_path / "none.tar.gz")
    (tmp_path / "some.tar.gz").write_bytes(b"no archive")
    with pytest.raises(UnsafeModel):
        Tagger.load(tmp_path / "some.tar.gz")


def test_repair_to_o_has_no_probabilities_of_tags_unconstrained(unsure):
    tagger = unsure({"repair": "O"}, constrained=False)
    with pytest.raises(UserError, match="leave decoding constrained"):
        tagger.tag_tokens(["Yes"], probabilities=True)


@pytest.mark.parametrize("tokens", ["Mina waved", "", b"Mina", {"Mina", "waved"}, {"a": 1}, 3])
def test_what_is_no_list_of_tokens(tagger, tokens):
    with pytest.raises(UserError, match="'tokens' must be a list of strings, found "):
        tagger.tag_tokens(tokens)
    with pytest.raises(UserError, match="expected a list of tokens of some text"):
        tagger.tag([TokenizedSentence("Mina waved")])
    with pytest.raises(UserError, match="expected a list of tokens of some text"):
        tagger.tag_tokens([1, 2])
    with pytest.raises(UserError, match="expected TokenizedSentence objects, found 'a b'"):
        tagger.tag(["a b"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tasks": "pos"}, "'tasks' must be a list of names of tasks, found 'pos'"),
        ({"tasks": []}, "'tasks' must be a list of names of tasks, found "),
        ({"threads": 0}, "'threads' must be 1 or more, or None, found 0"),
        ({"threads": "2"}, "'threads' must be 1 or more"),
    ],
)
def test_settings_of_wrong_types(quickstart_archive, settings, message):
    with pytest.raises(UserError, match=message):
        Tagger.load(quickstart_archive, **settings)


def results(tagger, sentences):
    """Tags, and probabilities but for their last digits."""
    tagged = tagger.tag(sentences, probabilities=True)
    return [
        (sentence.tags, {k: round(v, 4) for k, v in sentence.sequence_probabilities.items()})
        for sentence in tagged
    ]


def test_it_can_be_sent_to_other_processes(tagger, sentences):
    expected = results(tagger, sentences)
    copy = pickle.loads(pickle.dumps(tagger))
    assert results(copy, sentences) == expected
    for method in ("fork", "spawn"):
        with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
            assert pool.submit(results, tagger, sentences).result(timeout=120) == expected


def test_threads_with_a_full_table(tagger, sentences, quickstart_archive):
    """The rows of words are begun anew again and again, by several threads at once."""
    expected = results(tagger, sentences)
    small = Tagger.load(quickstart_archive)
    for rows in small.source._rows.values():
        rows._max_rows = 60
    parts = [sentences[start::4] for start in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            found = list(pool.map(lambda part: results(small, part), parts))
            for start, part in enumerate(found):
                for one, other in zip(part, expected[start::4], strict=True):
                    assert one[0] == other[0]


def test_a_printed_sentence_is_short(tagger):
    sentence = tagger.tag_tokens(["Nobody", "waved"], probabilities="all", top_k=3)
    chunk, pos = " ".join(sentence.tags["chunk"]), " ".join(sentence.tags["pos"])
    assert repr(sentence) == f"TaggedSentence('Nobody waved', chunk='{chunk}', pos='{pos}')"
    assert len(repr(tagger.tag_tokens(["word"] * 1000))) < 250


def test_threads_of_products_are_as_before(tagger, sentences):
    before = threadpool_info()
    tagger.tag(sentences)
    assert threadpool_info() == before
