"""Files of every form, with the labels of their tasks; written and read again they are equal."""

import csv
import io
import itertools
import json
import logging

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.encodings import ENCODINGS, get_encoding
from bilstm_tagger.text.errors import DataFormatError, UserError
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.spans import Span
from bilstm_tagger.text.tag_spelling import TagSpelling
from bilstm_tagger.text.task_column import TaskColumn

LINES = {
    "form": "lines",
    "delimiter": "|",
    "columns": {"tokens": 0, "ner": 2},
    "tasks": {"ner": {"encoding": "IOB1"}},
}


def labelled(path, **settings):
    """Tokens, and labels of the task `ner`, of each sentence."""
    layout = msgspec.convert(settings, DatasetLayout)
    sentences = list(read_dataset(path, layout))
    return [(sentence.tokens, layout.labels(sentence)[0]["ner"]) for sentence in sentences]


class TestLines:
    def test_parts(self, write):
        path = write("Mina|NNP|I-PER waved|VBD|O .|.|O\n\n She|PRP|O  left|VBD|O\r\n")
        assert labelled(path, **LINES) == [
            (["Mina", "waved", "."], ["I-PER", "O", "O"]),
            (["She", "left"], ["O", "O"]),
        ]

    def test_tokens_with_the_separator(self, write):
        path = write("||PUNCT|O a|b|X|O |||X|I-P\n")
        assert labelled(path, **LINES) == [(["|", "a|b", "||"], ["O", "O", "I-P"])]

    @pytest.mark.parametrize("token", ["b|Y", "b", "b|Y|", "b||O", "|Y|O"])
    def test_token_without_a_part(self, write, token):
        path = write(f"a|X|O\n\na|X|O {token}\n")
        with pytest.raises(DataFormatError, match=f"^{path}:3: expected 3 parts.*fix the line"):
            labelled(path, **LINES)

    def test_nothing(self, write):
        for content in ("", "\n \n"):
            with pytest.raises(DataFormatError, match="expected at least one sentence, found none"):
                labelled(write(content), **LINES)


class TestColumnsThatAreRead:
    def test_others_need_not_be_there(self, write, read):
        layout = msgspec.convert(LINES, DatasetLayout)
        for content, tokens in (("Mina waved\n", ["Mina", "waved"]), ("a|X b|Y\n", ["a", "b"])):
            (sentence,) = read_dataset(write(content), layout, names=[])
            assert (sentence.tokens, sentence.columns) == (tokens, {})
        layout = msgspec.convert({"columns": {"tokens": 0, "ner": 1}}, DatasetLayout)
        (sentence,) = read_dataset(write("Mina\n"), layout, names=[])
        assert sentence.tokens == ["Mina"]
        layout = msgspec.convert(
            {"form": "json", "columns": {"tokens": "words", "ner": "tags"}}, DatasetLayout
        )
        (sentence,) = read_dataset(write('{"words": ["Mina"]}'), layout, names=[])
        assert sentence.tokens == ["Mina"]


def test_what_became_of_spans_is_said(write, caplog):
    caplog.set_level(logging.WARNING)
    objects = [{"text": "Mina left.", "spans": [[0, 2, "X"], [5, 7, "X"]]}] * 2
    path = write("\n".join(map(json.dumps, objects)))
    settings = {
        "form": "json",
        "columns": {"tokens": "text", "ner": "spans"},
        "tasks": {"ner": {"encoding": "BIO"}},
        "invalid_spans": "leave_out",
    }
    assert [tags for _, tags in labelled(path, **settings)] == [["O"] * 3] * 2
    assert caplog.messages == [f"{path}: 4 spans that cut a token were left out."]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"columns": {"tokens": 0, "ner": "Tag"}}, "is the name of a column in a header"),
        ({"columns": {"tokens": 0}, "form": "json"}, "have keys: give the key"),
        ({"columns": {"tokens": 0}, "form": "lines"}, "needs the 'delimiter'"),
        ({"columns": {"tokens": "a"}, "form": "lines", "delimiter": "|"}, "needs the 'delimiter'"),
        ({"columns": {"ner": "tags"}, "form": "json"}, "must name the column 'tokens'"),
        ({"columns": {"tokens": "Word"}, "conllu": True}, "CoNLL-U has no header"),
        ({"columns": {"tokens": "Word"}, "quoted": True}, "'quoted' needs a 'delimiter'"),
        ({"columns": {"tokens": 0}, "sentence_column": "S"}, "is the name of a column in a header"),
        ({"columns": {"tokens": 0}, "empty_tokens": "leave_out"}, "needs a 'delimiter'"),
    ],
)
def test_settings_that_do_not_go_together(settings, message):
    with pytest.raises(UserError, match=message):
        DatasetLayout(**settings)


# Written and read again

again = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def corpora(draw, alphabet):
    """Sentences of tokens of an alphabet, with spans."""
    sentences = []
    for _ in range(draw(st.integers(1, 4))):
        tokens = draw(st.lists(st.text(alphabet, min_size=1, max_size=4), min_size=1, max_size=7))
        bounds = sorted(draw(st.sets(st.integers(0, len(tokens)), max_size=5)))
        spans = [Span(draw(st.sampled_from(["PER", "B-x"])), *pair)
                 for pair in itertools.pairwise(bounds) if draw(st.booleans())]  # fmt: skip
        sentences.append((tokens, spans))
    return sentences


@st.composite
def spellings(draw):
    separator = draw(st.sampled_from(["-", "_", "."]))
    place = draw(st.sampled_from(["first", "last"]))
    outside = draw(st.sampled_from(["O", "o", "0"]))
    return TagSpelling(separator, place, draw(st.booleans()), outside)


@pytest.mark.parametrize("casing, first", [("lower", "mina"), ("upper", "MINA"), (None, "Mina")])
@pytest.mark.parametrize("form", ["columns", "lines", "json"])
def test_casing(write, form, casing, first):
    """Tokens are in the casing that is asked for; labels and other columns stay."""
    content = {
        "columns": "Mina NNP I-PER\nwaved VBD O\n",
        "lines": "Mina|NNP|I-PER waved|VBD|O\n",
        "json": '{"t": ["Mina", "waved"], "p": ["NNP", "VBD"], "n": ["I-PER", "O"]}\n',
    }[form]
    places = ["t", "p", "n"] if form == "json" else [0, 1, 2]
    columns = dict(zip(["tokens", "pos", "ner"], places, strict=True))
    tasks = {"ner": TaskColumn(encoding="IOB1")}
    settings = {"delimiter": "|"} if form == "lines" else {}
    layout = DatasetLayout(columns, tasks, form, casing=casing, **settings)
    (sentence,) = read_dataset(write(content), layout)
    assert sentence.tokens == [first, "WAVED" if casing == "upper" else "waved"]
    assert sentence.columns == {"pos": ["NNP", "VBD"], "ner": ["I-PER", "O"]}


def check(sentences, read_again, encoding):
    """As many sentences, tokens and spans come out as went in."""
    assert [tokens for tokens, _ in read_again] == [tokens for tokens, _ in sentences]
    assert [encoding.spans(tags) for _, tags in read_again] == [spans for _, spans in sentences]


def tags_of(spans, length, encoding, spelling=None):
    tags = encoding.spans_to_tags(spans, length)
    return tags if spelling is None else list(map(spelling.write, tags))


COLUMN_TOKENS = "aé\u3000😀\u2028#\"'-|,\x00"


@given(corpora(COLUMN_TOKENS), spellings(), st.sampled_from(sorted(ENCODINGS)), st.data())
@again
def test_columns(write, sentences, spelling, name, data):
    encoding = get_encoding(name)
    if name == "IO":  # it cannot tell spans that touch
        sentences = [(tokens, encoding.spans(encoding.spans_to_tags(spans, len(tokens))))
                     for tokens, spans in sentences]  # fmt: skip
    delimiter = data.draw(st.sampled_from([" ", "\t"]))
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    content = "".join(
        "".join(
            f"{token}{delimiter}{tag}{end}"
            for token, tag in zip(
                tokens, tags_of(spans, len(tokens), encoding, spelling), strict=True
            )
        )
        + end
        for tokens, spans in sentences
    )
    task = {"encoding": name, "spelling": msgspec.structs.asdict(spelling)}
    columns = {"tokens": 0, "ner": 1}
    read_again = labelled(write(content), columns=columns, tasks={"ner": task})
    check(sentences, read_again, encoding)


@given(corpora("aé \t,;\"'#O"), st.sampled_from(",;\t"), st.booleans(), st.data())
@again
def test_csv(write, sentences, delimiter, by_column, data):
    """As spreadsheets write it: quotes and separators in tokens."""
    encoding = get_encoding("BIO")
    # A cell of blanks alone is an empty one of a spreadsheet.
    sentences = [([token.strip() or "x" for token in tokens], spans) for tokens, spans in sentences]
    file = io.StringIO()
    quoting = data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n", quoting=quoting)
    writer.writerow(["S", "Word", "Tag"])
    repeats = data.draw(st.booleans())
    for number, (tokens, spans) in enumerate(sentences):
        for index, row in enumerate(
            zip(tokens, tags_of(spans, len(tokens), encoding), strict=True)
        ):
            writer.writerow([number if by_column and (repeats or not index) else "", *row])
        if not by_column:
            file.write("\r\n")
    read_again = labelled(
        write(file.getvalue()),
        columns={"tokens": "Word", "ner": "Tag"},
        tasks={"ner": {"encoding": "BIO"}},
        delimiter=delimiter,
        quoted=True,
        sentence_column="S" if by_column else None,
    )
    check(sentences, read_again, encoding)


@given(corpora("aé😀\u3000|#"), st.sampled_from("|/_"))
@again
def test_lines(write, sentences, delimiter):
    encoding = get_encoding("BIO")
    # The first line says how many parts there are.
    sentences = [(["a", *tokens], [Span(s.label, s.start + 1, s.end + 1) for s in spans])
                 for tokens, spans in sentences]  # fmt: skip
    content = "\n".join(
        " ".join(
            delimiter.join((token, "X", tag))
            for token, tag in zip(tokens, tags_of(spans, len(tokens), encoding), strict=True)
        )
        for tokens, spans in sentences
    )
    layout = {**LINES, "delimiter": delimiter, "tasks": {"ner": {"encoding": "BIO"}}}
    check(sentences, labelled(write(content), **layout), encoding)


@given(corpora(st.characters(exclude_categories=[])), st.booleans())
@again
def test_json_with_tokens(write, sentences, of_integers):
    """Any characters, also halves of surrogate pairs."""
    encoding = get_encoding("BIO")
    labels = ["O", "B-PER", "I-PER", "B-B-x", "I-B-x"]
    lines = []
    for tokens, spans in sentences:
        tags = tags_of(spans, len(tokens), encoding)
        tags = [labels.index(tag) for tag in tags] if of_integers else tags
        lines.append(json.dumps({"tokens": tokens, "ner_tags": tags}))
    task = {"encoding": "BIO", "labels": labels if of_integers else None}
    columns = {"tokens": "tokens", "ner": "ner_tags"}
    read_again = labelled(write("\n".join(lines)), form="json", columns=columns,
                          tasks={"ner": task})  # fmt: skip
    check(sentences, read_again, encoding)


@given(corpora("aé😀\u0301"), st.text(" \n\r\t\u00a0\u2028\u3000", min_size=1, max_size=2))
@again
def test_json_with_text(write, sentences, blank):
    """With the tokens of the tool: text of all planes, white space of all kinds."""
    objects = []
    for tokens, spans in sentences:
        ends = list(itertools.accumulate(len(token) + len(blank) for token in tokens))
        places = [(end - len(token) - len(blank), end - len(blank))
                  for token, end in zip(tokens, ends, strict=True)]  # fmt: skip
        objects.append(
            {
                "text": "".join(token + blank for token in tokens),
                "tokens": [
                    {"text": token, "start": start, "end": end}
                    for token, (start, end) in zip(tokens, places, strict=True)
                ],
                "spans": [[places[s.start][0], places[s.end - 1][1], s.label] for s in spans],
            }
        )
    read_again = labelled(
        write("\n".join(map(json.dumps, objects))),
        form="json",
        columns={"tokens": "tokens", "ner": "spans"},
        tasks={"ner": {"encoding": "BIO"}},
    )
    check(sentences, read_again, get_encoding("BIO"))


@pytest.mark.parametrize("target", ["IOB1", "BIO", "IOBES"])
def test_types_are_renamed_and_left_out(tmp_path, target):
    """Spans stay apart that get the same type, and keep what they are."""
    path = tmp_path / "names"
    path.write_text("In O\nNew I-GPE\nYork I-GPE\nOntario I-LOC\nthe O\nBible I-MISC\n")
    types = {"GPE": "LOC", "MISC": None}
    layout = DatasetLayout(
        {"tokens": 0, "ner": 1},
        {"ner": TaskColumn(encoding="IOB1", model_encoding=target, types=types)},
    )
    (sentence,) = read_dataset(path, layout)
    labels, _ = layout.labels(sentence)
    assert get_encoding(target).spans(labels["ner"]) == [Span("LOC", 1, 3), Span("LOC", 3, 4)]
    assert sentence.columns["ner"][5] == "I-MISC"


def test_types_need_an_encoding():
    with pytest.raises(UserError, match="types is {'A': None}, but the task has no 'encoding'"):
        TaskColumn(types={"A": None})
    with pytest.raises(UserError, match="types.A is empty; give the type"):
        TaskColumn("BIO", types={"A": ""})


def test_lines_without_a_token(tmp_path, caplog):
    path = tmp_path / "tweets"
    path.write_text("Rain\tO\n\tO\nin\tO\n\n\tO\n\nYork\tB-LOC\n")
    layout = DatasetLayout({"tokens": 0, "ner": 1}, delimiter="\t")
    with pytest.raises(DataFormatError, match="tweets:2: .* in column 'tokens' .* 'leave_out'"):
        list(read_dataset(path, layout))
    layout = DatasetLayout({"tokens": 0, "ner": 1}, delimiter="\t", empty_tokens="leave_out")
    sentences = list(read_dataset(path, layout, keep_lines=True))
    assert [sentence.tokens for sentence in sentences] == [["Rain", "in"], ["York"]]
    assert [sentence.line_numbers for sentence in sentences] == [[1, 3], [7]]
    assert [line for line, kind in sentences[0].source_lines if kind == "row"] == ["\tO"]
    assert caplog.messages == [f"{path}:2: lines without a token, such as this one, are left out"]
    with pytest.raises(UserError, match="empty_tokens must be 'error' or 'leave_out', found 'x'"):
        DatasetLayout({"tokens": 0}, empty_tokens="x")


def test_a_line_without_a_token_may_start_a_sentence(tmp_path):
    """By its sentence column, as where that says the number on the first line of a sentence."""
    path = tmp_path / "words.csv"
    path.write_text('Id,Word,Tag\n1,Rain,O\n2,"",O\n,fell,O\n,"",O\n3,Snow,O\n,"",O\n')
    layout = DatasetLayout(
        {"tokens": "Word", "ner": "Tag"},
        delimiter=",",
        quoted=True,
        empty_tokens="leave_out",
        sentence_column="Id",
    )
    sentences = list(read_dataset(path, layout))
    assert [sentence.tokens for sentence in sentences] == [["Rain"], ["fell"], ["Snow"]]
    assert [sentence.line_numbers for sentence in sentences] == [[2], [4], [6]]
