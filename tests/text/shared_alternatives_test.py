import re

import pytest
from spacy.lang.fr.tokenizer_exceptions import TOKEN_MATCH

from bilstm_tagger.text.shared_alternatives import share_alternatives

LONG = "[a-zàé" + "".join(f"\\u{code:04x}" for code in range(0x400, 0x460)) + "]"


@pytest.fixture(scope="module")
def french():
    """The expression of spaCy, and the one made of it."""
    before = TOKEN_MATCH.__self__
    shared = share_alternatives(before.pattern)
    assert shared is not None and len(shared) < len(before.pattern) / 50
    return before, re.compile(shared)


def test_it_matches_the_same_strings(french):
    before, after = french
    matched = 0
    heads = (
        "anti- ANTI– après- aprÈs- a-sexualis black-out entr' r’ ab-sur- ab-à-l' Ǆ-saint- -".split()
    )
    tails = "", "a", "É", "aſ", "ß", "ǅ-x", "a'b", "a b", "Σς", "漢", "1", "a-", "ı", "İ"
    for string in (head + tail for head in heads for tail in tails):
        assert bool(before.match(string)) == bool(after.match(string)), string
        matched += bool(after.match(string))
    assert matched > 50


@pytest.mark.parametrize("string", ["anti-{}", "{}-sur-a", "anti-a{}"])
def test_it_knows_the_same_characters(french, string):
    before, after = french
    for code in range(0, 0x3000):
        text = string.format(chr(code))
        assert bool(before.match(text)) == bool(after.match(text)), hex(code)


@pytest.mark.parametrize(
    "source",
    [
        f"(?:^a{LONG}$)|(?:^b{LONG}$)",  # does not ignore case
        "(?iu)(?:^a[b]$)|(?:^b[b]$)",  # compiles at once
        f"(?iu)(?:^a|b{LONG}$)|(?:^c{LONG}$)",
        rf"(?iu)(?:^\w{LONG}$)|(?:^c{LONG}$)",
        f"(?iu)(?:^a{LONG}{{2}}$)|(?:^c{LONG}$)",
        f"(?iu)(?:^(?:a{LONG})$)|(?:^c{LONG}$)",
    ],
)
def test_others_are_left(source):
    assert share_alternatives(source) is None
