import pytest

from bilstm_tagger.text import raw_text
from bilstm_tagger.text.raw_text import RawSentence, split_text, tokenize_text

TEXTS = [
    "The rain stopped. Did you see it?",
    "  Leading, and   several blanks.\tA tab.\n\nA new paragraph ",
    "Zoë's café in São Paulo opens at 7:30 😀. Her crème brûlée is well known.",
    "See https://www.example.org/cup/2021 for $9.5 million (approx.)!",
    "no end",
    "雨が降った。",
    "Non\u00a0breaking and\u3000ideographic\u2028separators",
    "...",
]


@pytest.mark.parametrize("text", TEXTS)
def test_offsets_point_to_the_tokens(text):
    for sentence in split_text(text):
        assert len(sentence.tokens) == len(sentence.offsets) > 0
        for token, (start, end) in zip(sentence.tokens, sentence.offsets, strict=True):
            assert text[start:end] == token


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_but_white_space_is_left_out(text):
    tokens = [token for sentence in split_text(text) for token in sentence.tokens]
    assert not any(token.isspace() for token in tokens)
    assert "".join("".join(tokens).split()) == "".join(text.split())


@pytest.mark.parametrize("text", TEXTS)
def test_offsets_go_forward(text):
    ends = [place for sentence in split_text(text) for pair in sentence.offsets for place in pair]
    assert ends == sorted(ends)


def test_sentences_and_tokens():
    first, second = split_text("It didn't rain. We went home!")
    assert first == RawSentence(
        ["It", "did", "n't", "rain", "."], [(0, 2), (3, 6), (6, 9), (10, 14), (14, 15)]
    )
    assert second.tokens == ["We", "went", "home", "!"]


@pytest.mark.parametrize("text", ["", " ", "\t \n", "\u3000"])
def test_white_space_holds_no_sentence(text):
    assert split_text(text) == []


def test_language_decides_about_tokens():
    assert split_text("Er kam z.B. mit", "de")[0].tokens == ["Er", "kam", "z.B.", "mit"]
    assert split_text("Er kam z.B. mit", "en")[0].tokens != ["Er", "kam", "z.B.", "mit"]


def test_long_text():
    """spaCy refuses more than a million characters, unless told otherwise."""
    text = "Rain! " * 170_000
    assert len(text) > 1_000_000
    assert len(split_text(text[:1_000_002])) == 166_667


@pytest.mark.parametrize("text", TEXTS)
def test_one_sentence_has_the_tokens_of_all(text):
    sentence = tokenize_text(text)
    sentences = split_text(text)
    assert sentence.tokens == [token for each in sentences for token in each.tokens]
    assert sentence.offsets == [pair for each in sentences for pair in each.offsets]


def test_one_sentence_of_white_space_has_no_tokens():
    assert tokenize_text(" \t\u3000") == RawSentence([], [])


def test_words_are_not_kept_for_ever(monkeypatch):
    monkeypatch.setattr(raw_text, "_MAX_WORDS", 100)
    raw_text._new_pipeline.cache_clear()
    sizes = []
    for start in range(0, 2_000, 10):
        words = [f"w{number}" for number in range(start, start + 10)]
        (sentence,) = split_text(" ".join(words))
        assert sentence.tokens == words
        sizes.append(len(raw_text.spacy_pipeline("en").vocab.strings))
    assert max(sizes) - sizes[0] < 200
    raw_text._new_pipeline.cache_clear()
