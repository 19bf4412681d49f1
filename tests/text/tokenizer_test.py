import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import msgspec
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokenizer import Tokenizer as SpacyTokenizer

from bilstm_tagger.text import tokenizer as module
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.raw_text import RawSentence, split_text, tokenize_text
from bilstm_tagger.text.spacy_rules import rules_of
from bilstm_tagger.text.tokenizer import Tokenizer
from bilstm_tagger.text.tokenizer_rules import TokenizerRules

# Of several scripts; French and Turkish have a `token_match`, Gaelic exceptions with white space.
LANGUAGES = ["en", "de", "fr", "tr", "ru", "gd", "fa", "hi", "xx"]
AFFIXES = [
    "{}",
    "({})",
    "{}.",
    '"{}"',
    "a{}",
    "{}a",
    "{}'s",
    "x-{}-y",
    ". {} B",
    "{}\n\n{}",
    "{} {}",
]
PUNCTUATION = [
    *".,;:!?()[]{}<>\"'`’‘“”«»…-–—_/\\|@#$%&*+=~^°§€£²¿。！？、।؟",
    *(
        "...",
        "--",
        "!!",
        "?!",
        "n't",
        "'s",
        "’s",
        "'ll",
        "l'",
        "d’",
        "km",
        "°C",
        "US$",
        "10",
        "1,000",
    ),
    *("http://a.bc/d?e=f", "www.Example.org", "ada@b.co", "x.Y", "a-b", "A,b", "x/y", "-saint-l'"),
    *("😀", "👨‍👩‍👧", "e\u0301", "\u200b", "\ufeff", "\x00", ":)", ":-(", "^_^", "C++", "8-)"),
]
SPACES = [
    *[" "] * 6,
    "",
    "  ",
    "\n",
    "\n\n",
    " \n",
    "\t",
    "\r\n",
    "\u00a0",
    "\u2028",
    "\u3000",
    "\x1f",
]
# Few, so that they meet: letters of both cases and of several scripts, digits, marks.
LETTERS = "abzABZéßσΣжЖİıſאبककी가漢ćÇ019²½\u0301"


@lru_cache
def tokenizer(language):
    """That of rules that have been in a file."""
    return Tokenizer(
        msgspec.json.decode(msgspec.json.encode(rules_of(language)), type=TokenizerRules)
    )


def texts(language):
    exceptions = st.sampled_from(sorted(tokenizer(language).rules.exceptions))
    words = st.one_of(
        st.text(LETTERS, min_size=1, max_size=6),
        st.sampled_from(PUNCTUATION),
        exceptions,
        exceptions.map(lambda string: string[:-1]),
        st.text(max_size=4).filter(lambda text: text.isprintable()),
    )
    pieces = st.tuples(words, st.sampled_from(SPACES)).map("".join)
    return st.tuples(st.sampled_from(["", " ", "\n"]), st.lists(pieces, max_size=20)).map(
        lambda parts: parts[0] + "".join(parts[1])
    )


def assert_same(text, language):
    assert tokenizer(language).split([text]) == [split_text(text, language)]
    assert tokenizer(language).tokenize(text) == tokenize_text(text, language)


@pytest.mark.parametrize("language", LANGUAGES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_tokens_and_sentences_are_those_of_spacy(language, data):
    assert_same(data.draw(texts(language)), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_exceptions_with_affixes(language):
    exceptions = sorted(tokenizer(language).rules.exceptions)[:: 1 if language == "en" else 10]
    for exception in exceptions:
        for affixes in AFFIXES if language == "en" else AFFIXES[1::3]:
            assert_same(affixes.replace("{}", exception), language)


@pytest.mark.parametrize(
    "text",
    [
        "word " * 20_000,
        "(" * 500 + "deep" + ")" * 500 + "." * 500,
        "a-" * 2_000 + "b",
        "http://example.org/" + "a/b." * 500,
        ":) " * 3_000,
        "x" * 20_000 + ". Y",
    ],
    ids=lambda text: text[:6],
)
def test_long_texts(text):
    assert_same(text, "en")


@given(st.lists(st.tuples(st.sampled_from(PUNCTUATION), st.integers(1, 70)), max_size=12))
@settings(max_examples=50, deadline=None)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_long_words(language, parts):
    """Their prefixes and suffixes are looked for near their ends."""
    assert_same("".join(part * times for part, times in parts)[:600], language)


@pytest.mark.parametrize("character", ["_", "(", "😀"])
def test_long_lines_of_punctuation(character):
    """A search of the whole of what is left would take half an hour."""
    assert tokenizer("en").tokenize(character * 30_000).tokens == [character] * 30_000


def test_a_long_line_of_colons():
    """To look for a password in it would take hours, in which no other thread runs."""
    assert tokenizer("en").tokenize("a:" * 100_000).tokens == ["a", ":"] * 100_000


def test_every_language_of_rules():
    """And languages whose tokenizer is a program cannot be exported."""
    exported = []
    folder = Path(spacy.__file__).parent / "lang"
    for code in sorted(path.name for path in folder.iterdir() if (path / "__init__.py").exists()):
        try:
            rules = rules_of(code)
        except UserError:
            continue
        exported.append(code)
        text = f"\"Ab-c, d.E (3.5km) l'f {next(iter(rules.exceptions), '')}...\n\nWww.x.org! :)"
        assert Tokenizer(rules).split([text]) == [split_text(text, code)], code
    assert len(exported) > 60 and "zh" not in exported


def test_a_language_of_a_program_says_so():
    assert type(spacy.blank("zh").tokenizer) is not SpacyTokenizer
    with pytest.raises(UserError, match="'zh' is a program, not rules.*leave the language out"):
        rules_of("zh")


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("language", "pattern"), [("en", "ud_english_ewt/*.conllu"), ("fr", "french/*.conllu")]
)
def test_corpora(language, pattern):
    files = sorted(Path("data").glob(pattern))
    if not files:
        pytest.skip("the corpora are not in data/")
    for file in files:
        texts = [
            line.removeprefix("# text = ")
            for line in file.read_text("utf-8").split("\n")
            if line.startswith("# text = ")
        ]
        for text in texts:
            assert tokenizer(language).split([text]) == [split_text(text, language)]
        assert_same("\n\n".join(texts[:5000]), language)


def test_threads_and_processes():
    made = pickle.loads(pickle.dumps(Tokenizer(rules_of("en"))))
    text = "It isn't (so) e.g. in the U.S.A.! www.example.org :) "
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(made.split, [[text]] * 200))
    assert results == [[split_text(text)]] * 200


def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr("bilstm_tagger.text.memo.MAX_ENTRIES", 50)
    made = Tokenizer(rules_of("en"))
    made.split([" ".join(f"w{number}" for number in range(500)) + " " + "long" * 100])
    assert len(made._memo) <= 50
    assert max(map(len, made._memo)) <= module._MAX_KEPT


def test_rules_need_nothing_but_white_space():
    rules = TokenizerRules("en", sentence_ends=["."])
    assert Tokenizer(rules).split(["A b, . C"])[0] == [
        RawSentence(["A", "b,", "."], [(0, 1), (2, 4), (5, 6)]),
        RawSentence(["C"], [(7, 8)]),
    ]


@pytest.mark.parametrize("key", ["prefix", "suffix", "infix", "token_match", "url_match"])
def test_what_is_no_regular_expression_is_named(key):
    made = Tokenizer(msgspec.structs.replace(rules_of("en"), **{key: "(a"}))
    for run in made.prepare, lambda: made.split(["a"]):
        with pytest.raises(UserError, match=f"'{key}' is no regular expression.*export the model"):
            run()


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ({"exceptions": {"can't": ["ca", "nt"]}}, "the tokens of the exception"),
        ({"exceptions": {"a b": ["a", " ", "b"]}}, "white space alone"),
        ({"exceptions": {"": []}}, "length >= 1"),
        ({"prefix": "a" * 2**18 + "a"}, r"length <= 262144 - at `\$.prefix`"),
        ({"language": "../en"}, "regex"),
        ({"language": "en\n"}, "regex"),
        ({"infixes": "-"}, "unknown field `infixes`"),
    ],
)
def test_rules_check_themselves(rules, problem):
    with pytest.raises(msgspec.ValidationError, match=problem):
        msgspec.json.decode(msgspec.json.encode({"language": "en", **rules}), type=TokenizerRules)


def test_spacy_is_not_imported():
    program = """
import sys
from bilstm_tagger.text.tokenizer import Tokenizer
from bilstm_tagger.text.tokenizer_rules import TokenizerRules
Tokenizer(TokenizerRules("en", prefix="^[(]")).split(["(a)"])
assert "spacy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
