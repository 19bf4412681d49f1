import pytest

from bilstm_tagger.text.word_forms import (
    CHAIN_STEPS,
    casing,
    chain_step,
    known_form,
    normalise,
    word_forms,
)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Word", "word"),
        ("ÉCOLE", "école"),
        ("--", "-"),
        ("---", "--"),
        ("----", "--"),
        ("well--known", "well-known"),
        ('"', '"'),
        ('""', '"'),
        ('"""Yes""', '"yes"'),
        ("''", "''"),
        ("2021-05-17", "DATE_TOKEN"),
        ("(2021-05-17)", "(DATE_TOKEN)"),
        # The date is taken out of a longer row of digits, what is left is a number.
        ("12021-05-17", "NUMBER_TOKENDATE_TOKEN"),
        ("2021-05", "NUMBER_TOKEN-NUMBER_TOKEN"),
        ("2021--05--17", "DATE_TOKEN"),
        ("12:30", "TIME_TOKEN"),
        ("12:30:59", "TIME_TOKEN"),
        ("12:30pm", "TIME_TOKENpm"),
        ("9:30", "NUMBER_TOKEN:NUMBER_TOKEN"),
        ("2021-05-17T12:30", "DATE_TOKENtTIME_TOKEN"),
        ("7", "NUMBER_TOKEN"),
        ("1,200.50", "NUMBER_TOKEN"),
        ("3-1", "NUMBER_TOKEN-NUMBER_TOKEN"),
        ("-4.5", "-NUMBER_TOKEN"),
        ("1990s", "NUMBER_TOKENs"),
        (".", "NUMBER_TOKEN"),
        (",", "NUMBER_TOKEN"),
        ("...", "NUMBER_TOKEN"),
        ("U.S.", "uNUMBER_TOKENsNUMBER_TOKEN"),
        # Digits of other scripts are no numbers here.
        ("٣", "٣"),
        ("²", "²"),
    ],
)
def test_normalise(text, expected):
    assert normalise(text) == expected


def test_word_forms():
    assert word_forms("Route66") == ("Route66", "route66", "routeNUMBER_TOKEN")


@pytest.mark.parametrize(
    "text, known, step, form",
    [
        ("The", {"The", "the"}, 0, "The"),
        ("The", {"the", "THE"}, 1, "the"),
        ("the", {"The"}, 3, None),
        ("42", {"42", "NUMBER_TOKEN"}, 0, "42"),
        ("42", {"NUMBER_TOKEN"}, 2, "NUMBER_TOKEN"),
        ("42", {"number_token"}, 3, None),
        ("A--B", {"a--b", "a-b"}, 1, "a--b"),
        ("A--B", {"a-b"}, 2, "a-b"),
        ('""', {'"'}, 2, '"'),
        ("2021-05-17", {"DATE_TOKEN", "NUMBER_TOKEN"}, 2, "DATE_TOKEN"),
        ("12:30", {"TIME_TOKEN"}, 2, "TIME_TOKEN"),
        (".", {".", "NUMBER_TOKEN"}, 0, "."),
        ("cat", set(), 3, None),
    ],
)
def test_chain(text, known, step, form):
    assert chain_step(word_forms(text), known) == step
    assert known_form(text, known) == form
    assert (form is None) == (CHAIN_STEPS[step] == "unknown")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("7", "numeric"),
        ("2021", "numeric"),
        ("²", "numeric"),
        ("٣٤", "numeric"),
        ("12:30", "mainly_numeric"),
        ("1990s", "mainly_numeric"),
        ("1,200", "mainly_numeric"),
        ("747B", "mainly_numeric"),
        # Half of the characters are not more than half.
        ("3-1-", "contains_digit"),
        ("a1", "allLower"),
        ("A1", "allUpper"),
        ("3D", "allUpper"),
        ("½", "other"),
        ("cat", "allLower"),
        ("don't", "allLower"),
        ("n't", "allLower"),
        ("ß", "allLower"),
        ("straße", "allLower"),
        ("USA", "allUpper"),
        ("U.S.", "allUpper"),
        ("I", "allUpper"),
        ("ÉCOLE", "allUpper"),
        ("CD-4", "allUpper"),
        ("The", "initialUpper"),
        ("McDonald", "initialUpper"),
        ("Boeing-747", "initialUpper"),
        ("Élan", "initialUpper"),
        ("iPhone6", "contains_digit"),
        ("#1--", "contains_digit"),
        ("--1", "contains_digit"),
        ("iPhone", "other"),
        ("--", "other"),
        (".", "other"),
        ("$", "other"),
        ("日本", "other"),
        ("🎉", "other"),
    ],
)
def test_casing(text, expected):
    assert casing(text) == expected
