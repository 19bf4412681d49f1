"""The command `select`: pools of every form, resumption, and what it refuses."""

import contextlib
import csv
import gzip
import json
import resource
import shutil
from pathlib import Path

import pytest

from bilstm_tagger.command_line import main
from bilstm_tagger.experiments.selection.choice import choose
from bilstm_tagger.experiments.selection.command import STRATEGIES
from bilstm_tagger.experiments.selection.score_file import ScoredPool, ScoreFile
from bilstm_tagger.experiments.selection.select import RANDOM
from bilstm_tagger.tagging import Tagger, TokenizedSentence
from bilstm_tagger.tagging.uncertainty import MEASURES
from bilstm_tagger.text.column_format import ColumnFormat
from bilstm_tagger.text.columns import read_sentences

VECTORS = "fixtures/vectors/vectors.16d.txt"
POOL, CONLLU = Path("fixtures/corpus/dev.conll"), Path("fixtures/corpus/pos.conllu")


@pytest.fixture
def select(quickstart_archive, capsys):
    """Runs `bilstm-tagger select`; returns standard output, and the last line of stderr."""

    def run(*arguments, model=quickstart_archive):
        capsys.readouterr()
        main(["select", str(model), *map(str, arguments)])
        captured = capsys.readouterr()
        return captured.out, captured.err.splitlines()[-1]

    return run


@pytest.fixture
def table(select, tmp_path):
    """The rows of the table that it writes."""

    def run(*arguments):
        path = tmp_path / "table.tsv"
        select(*arguments, "--table", path)
        with path.open(newline="") as file:
            return list(csv.DictReader(file, dialect="excel-tab"))

    return run


@pytest.fixture
def error(error_of, quickstart_archive):
    return lambda *arguments: error_of("select", quickstart_archive, *arguments)


def pool_sentences(path=POOL):
    return list(read_sentences(path, ColumnFormat({"tokens": 0})))


def columns_of(sentences):
    return "".join("".join(f"{token}\n" for token in tokens) + "\n" for tokens in sentences)


def test_every_measure_is_a_strategy():
    assert STRATEGIES.keys() == {*MEASURES, RANDOM}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_best_sentences_in_order(strategy, table, quickstart_archive):
    rows = table(POOL, "--number", 5, "--strategy", strategy, "--diversity", 0)
    sentences = {f"{POOL}:{s.line_numbers[0]}": s.tokens for s in pool_sentences()}
    assert [row["rank"] for row in rows] == list("12345")
    for row in rows:
        assert row["sentence"] == " ".join(sentences[row["place"]])
        assert int(row["tokens"]) == len(sentences[row["place"]])
    if strategy == "random":
        others = table(POOL, "--number", 5, "--strategy", strategy, "--seed", 1)
        assert [row["place"] for row in others] != [row["place"] for row in rows]
        assert table(POOL, "--number", 5, "--strategy", strategy) == rows
        return
    tokenized = [TokenizedSentence(tokens) for tokens in sentences.values()]
    values = Tagger.load(quickstart_archive).uncertainties(tokenized, strategy)
    scores = dict(zip(sentences, (sum(value.values()) for value in values), strict=True))
    best = sorted(scores, key=scores.__getitem__, reverse=True)[:5]
    assert [row["place"] for row in rows] == best
    assert [row["score"] for row in rows] == [f"{scores[place]:.4f}" for place in best]


def test_the_choice_is_diverse(table, quickstart_archive):
    rows = table(POOL, "--number", 10, "--strategy", "entropy", "--diversity", 0.8)
    sentences = pool_sentences()
    tokens = [sentence.tokens for sentence in sentences]
    tagger = Tagger.load(quickstart_archive)
    values = tagger.uncertainties(map(TokenizedSentence, tokens), "entropy")
    scores = [sum(value.values()) for value in values]
    order = sorted(range(len(scores)), key=lambda number: -scores[number])
    chosen = choose(
        [scores[i] for i in order], [tokens[i] for i in order], 10, [1] * len(order), 0.8
    )
    lines = [sentences[order[number]].line_numbers[0] for number in chosen]
    assert [row["place"] for row in rows] == [f"{POOL}:{line}" for line in lines]


def test_a_budget_of_tokens(table):
    rows = table(POOL, "--tokens", 60)
    assert 60 - min(len(s.tokens) for s in pool_sentences()) < sum(int(r["tokens"]) for r in rows)
    assert sum(int(row["tokens"]) for row in rows) <= 60


def test_never_the_same_sentence_twice(select, table, error, tmp_path):
    """In a pool, and in calls that are told of the sentences of those before."""
    sentences = [sentence.tokens for sentence in pool_sentences()]
    pool = tmp_path / "pool.conll"
    pool.write_text(columns_of(sentences + sentences[::-1]))
    _, last = select(pool, "--number", 5)
    assert "Selected 5 of 88 sentences, " in last
    assert "; left out: 44 duplicates; scored" in last
    labelled, chosen = [], set()
    for number, form in enumerate(("json", "conll", "conllu", "json", "conll")):
        labelled.append(tmp_path / f"{number}.{form}")
        # One after the other is as all at once.
        more = [part for path in labelled[:-1] for part in ("--labelled", path)]
        rows = table(*(pool, "--number", 10, "-o", labelled[-1], "--output-format", form, *more))
        assert len(rows) == (4 if number == 4 else 10)
        chosen |= {row["sentence"] for row in rows}
    assert len(chosen) == 44
    assert error(pool, "--labelled", *labelled) == (
        f"error: {pool}: no sentence of the pool can be chosen (88 sentences, 44 with labels, 0 "
        "longer than the number of tokens that are wanted); name another pool, or a higher number"
    )


@pytest.mark.parametrize("form", ["conll", "conllu", "json"])
def test_output_of_columns(form, select, quickstart_archive, tmp_path):
    """The lines of a column file as they are, with the tags behind."""
    output = tmp_path / "out"
    select(POOL, "--number", 3, "-o", output, "--output-format", form)
    if form == "json":
        objects = [json.loads(line) for line in output.read_text().splitlines()]
        assert [item["selection"]["rank"] for item in objects] == [1, 2, 3]
        tokens = [item["tokens"] for item in objects]
        tags = [item["tags"]["chunk"] for item in objects]
    else:
        names = {"conll": {"tokens": 0, "chunk": 4}, "conllu": {"tokens": 1, "chunk": 9}}[form]
        layout = ColumnFormat(names, comment_prefix="# ")
        read = list(read_sentences(output, layout))
        tokens = [sentence.tokens for sentence in read]
        tags = [[tag.removeprefix("Chunk=") for tag in s.columns["chunk"]] for s in read]
    tagged = Tagger.load(quickstart_archive).tag(map(TokenizedSentence, tokens))
    assert tags == [sentence.tags["chunk"] for sentence in tagged]
    if form == "conll":
        known = POOL.read_text().split("\n\n")
        for sentence in output.read_text().split("\n\n")[:-1]:
            lines = [line.rsplit(" ", 2)[0] for line in sentence.splitlines()]
            assert "\n".join(lines) in known
    if form == "conllu":
        assert output.read_text().startswith("# rank = 1\n# score = ")


def test_output_of_raw_text(select, tmp_path):
    """A sentence of a line, with its text and the places of its tokens there."""
    pool, output = tmp_path / "pool.txt", tmp_path / "out.jsonl"
    pool.write_text("The bank fell. Prices of oil rose again.\n\nMr. Smith  sold his shares.\n")
    out, last = select(pool, "--number", 9, "-o", output, "--input-format", "text")
    assert last == (
        "Selected 3 of 3 sentences, 16 tokens; fewer than 9, as there are no more; left out: none; "
        "scored by: chunk, pos"
    )
    assert "Mr. Smith  sold his shares." in out
    objects = [json.loads(line) for line in output.read_text().splitlines()]
    assert {(o["text"], o["selection"]["place"]) for o in objects} == {
        ("The bank fell.", f"{pool}:1"),
        ("Prices of oil rose again.", f"{pool}:1"),
        ("Mr. Smith  sold his shares.", f"{pool}:3"),
    }
    for item in objects:
        assert [item["text"][first:end] for first, end in item["offsets"]] == item["tokens"]
        for span in item["spans"]["chunk"]:
            assert item["text"][span["start"] : span["end"]] == span["text"]


FORMS = ["names." + ending for ending in "bmes conllu csv iob2 lines parquet spacy tsv".split()]


@pytest.mark.parametrize("name", [*FORMS, "brat", "doccano.jsonl", "prodigy.jsonl", "tokens.jsonl"])
def test_pools_of_all_forms(name, select, tmp_path):
    """The output of each is read again, as labelled sentences of the same pool."""
    pool = f"fixtures/forms/{name}"
    output = tmp_path / "out"
    options = ("--layout", '{"form": "lines", "delimiter": "|", "columns": {"tokens": 0}}')
    more = options if name.endswith("lines") else ()
    _, last = select(pool, "--number", 2, "-o", output, *more)
    assert last.startswith("Selected 2 of ")
    _, last = select(pool, "--number", 1000, "--labelled", output, *more)
    assert "; left out: 2 with labels; scored" in last


def test_a_header_comes_once(select, tmp_path):
    pool, output = tmp_path / "pool.csv", tmp_path / "out.csv"
    words = ["The", "bank", "fell", "", "Prices", "rose", "", "He", "left"]
    pool.write_text("".join(["word,note\n", *(f"{w},x\n" if w else "\n" for w in words)]))
    select(pool, "--number", 3, "-o", output)
    lines = output.read_text().split("\n")
    assert lines[0] == "word,note,chunk,pos"
    assert sorted(line.split(",")[0] for line in lines[1:] if line) == sorted(filter(None, words))
    assert [line.count(",") for line in lines if line] == [3] * 8
    assert lines.count("") == 4


def test_packed_and_skipped(select, tmp_path):
    pool = tmp_path / "pool.conllu.gz"
    pool.write_bytes(gzip.compress(CONLLU.read_bytes() + b"1\n\n"))
    _, last = select(pool, "--number", 3, "--on-error", "skip")
    assert "; left out: 1 that cannot be read; scored by: chunk, pos" in last


@pytest.mark.parametrize("form", ["conll", "conllu", "lines"])
def test_what_the_output_cannot_hold_is_left_out(form, select, error, tmp_path, capsys):
    pool, output, scores = (tmp_path / name for name in ("pool.jsonl", "out", "scores.jsonl"))
    tokens = [["Oil", "fell"], ["The\t", "bank"], ["He", "left"]]
    pool.write_text("".join(json.dumps({"tokens": words}) + "\n" for words in tokens))
    options = (pool, "-o", output, "--output-format")
    told = error(*options, form)
    assert told.startswith(f"error: {pool}:2: the token 'The\\t' holds a ")
    assert "; choose JSON as output" in told and not output.exists()
    # The scores of a pool are those of any output.
    select(*options, "json", "--on-error", "skip", "--scores", scores)
    assert len(output.read_text().splitlines()) == 3
    out, last = select(*options, form, "--on-error", "skip", "--scores", scores)
    assert last.startswith("Selected 2 of 3 sentences, 4 tokens; ")
    assert "left out: 1 that the output cannot hold; scored" in last
    assert "Oil" in output.read_text() and "bank" not in output.read_text()
    # Without an output, no form has to hold a sentence.
    out, last = select(pool, "--output-format", form)
    assert last.startswith("Selected 3 of 3 sentences, ")
    pool.write_text(json.dumps({"tokens": tokens[1]}) + "\n")
    with pytest.raises(SystemExit):
        select(*options, form, "--on-error", "skip")
    assert "0 with labels, 1 that the output cannot hold, 0 longer" in capsys.readouterr().err


def test_a_sentence_with_control_characters_stays_in_its_row(select, table, tmp_path):
    pool = tmp_path / "pool.jsonl"
    tokens = ["Oil\n", "fell\x1b", "\x85", "again\ud800"]
    pool.write_text(json.dumps({"tokens": tokens}) + "\n")
    out, _ = select(pool)
    (row,) = [line for line in out.splitlines() if "Oil" in line]
    assert r"Oil\n fell\x1b \x85 again\ud800" in row
    # A file for programs has the text as it is, but for what UTF-8 cannot hold.
    text = " ".join(tokens).replace("\ud800", r"\ud800")
    assert [row["sentence"] for row in table(pool)] == [text]


@pytest.mark.parametrize("paths", [("-", "-"), ("-", "/dev/stdin"), (POOL, "-", "-")])
def test_standard_input_is_read_once(paths, error):
    pool, *labelled = paths
    assert "standard input is named twice" in error(pool, "--labelled", *labelled)


class Interrupt(Exception):
    pass


def test_an_interrupted_scoring_goes_on(select, tmp_path, monkeypatch):
    """Blocks that were scored are not scored again, and the end is the same."""
    monkeypatch.setattr("bilstm_tagger.tagging.files.block_reader._LINES_OF_COLUMNS", 40)
    scores, others, count = tmp_path / "scores.jsonl", tmp_path / "others.jsonl", []
    whole = select(POOL, "--number", 5, "--scores", others)
    real = Tagger.uncertainties

    def counted(self, sentences, measure):
        if len(count) == 4:
            raise Interrupt
        count.append(measure)
        return real(self, sentences, measure)

    monkeypatch.setattr(Tagger, "uncertainties", counted)
    with pytest.raises(Interrupt):
        select(POOL, "--number", 5, "--scores", scores)
    blocks = len(others.read_bytes().splitlines()) - 1
    assert blocks > 6
    # As a kill in the middle of a line leaves it.
    scores.write_bytes(scores.read_bytes()[:-5])
    done = []
    monkeypatch.setattr(Tagger, "uncertainties", lambda *a: (done.append(1), real(*a))[1])
    assert select(POOL, "--number", 5, "--scores", scores) == whole
    assert len(done) == blocks - 3
    assert scores.read_bytes() == others.read_bytes()
    select(POOL, "--number", 7, "--scores", scores)
    assert len(done) == blocks - 3


def test_scores_stay_where_nothing_can_be_written(tmp_path):
    """As on a full disk, or at a kill before the first new line."""
    path = tmp_path / "scores.jsonl"
    of = ScoredPool("model", "pool", "none", "settings")
    with ScoreFile(str(path), of) as scores:
        for number in range(100):
            scores.add([float(number)] * 9)
    content = path.read_bytes()
    scores = ScoreFile(str(path), of)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with contextlib.suppress(OSError), scores:
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == content


def test_half_of_the_first_line_is_an_empty_file(select, error, tmp_path):
    scores, others = tmp_path / "scores.jsonl", tmp_path / "others.jsonl"
    whole = select(POOL, "--scores", others)
    header = others.read_bytes().splitlines()[0]
    scores.write_bytes(header[:50])
    assert select(POOL, "--scores", scores) == whole
    assert scores.read_bytes() == others.read_bytes()
    # A file of something else, whose only line has no end.
    scores.write_bytes(b"my notes")
    assert "found something else" in error(POOL, "--scores", scores)
    assert scores.read_bytes() == b"my notes"


def test_scores_of_something_else(select, error, tmp_path):
    pool, scores = tmp_path / "pool.conll", tmp_path / "scores.jsonl"
    shutil.copy(POOL, pool)
    select(pool, "--scores", scores)
    told = error(pool, "--scores", scores, "--strategy", "margin")
    assert told == (
        f"error: {scores}: the scores have other settings: strategy was 'errors' and is 'margin'; "
        "remove the file, or name another one, --scores"
    )
    pool.write_text(columns_of([["Oil"]]))
    assert f"{scores}: the scores are of another pool (" in error(pool, "--scores", scores)
    scores.write_text("nothing\n")
    assert "expected the scores of a pool, found something" in error(pool, "--scores", scores)
    assert "--scores is not for --strategy random" in error(
        pool, "--scores", scores, "--strategy", "random"
    )


def test_scores_with_other_vectors(select, error, tmp_path):
    """What is in the file of vectors counts, and not its name."""
    vectors, scores = tmp_path / "vectors.txt", tmp_path / "scores.jsonl"
    shutil.copy(VECTORS, vectors)
    whole = select(POOL, "--scores", scores, "--vectors", vectors)
    moved = vectors.rename(tmp_path / "moved.txt")
    assert select(POOL, "--scores", scores, "--vectors", moved) == whole
    with moved.open("a") as file:
        file.write("zzyzx" + " 0.1" * 16 + "\n")
    told = error(POOL, "--scores", scores, "--vectors", moved)
    assert "the scores are of another vector file (" in told
    assert "of another vector file (" in error(POOL, "--scores", scores)


def test_pools_without_sentences_and_other_mistakes(error, select, tmp_path):
    empty, same = tmp_path / "empty.conll", tmp_path / "same.conll"
    empty.write_text("\n\n")
    same.write_text(columns_of([["Oil", "fell"]] * 50))
    assert error(empty, "--input-format", "conll") == (
        f"error: {empty}: no sentence of the pool can be chosen (0 sentences, 0 with labels, 0 "
        "longer than the number of tokens that are wanted); name another pool, or a higher number"
    )
    _, last = select(same, "--input-format", "conll")
    assert last == (
        "Selected 1 of 50 sentences, 2 tokens; fewer than 100, as there are no more; left out: 49 "
        "duplicates; scored by: chunk, pos"
    )
    assert "no such file" in error(tmp_path / "none.txt")
    assert "no such file" in error(POOL, "--labelled", tmp_path / "none.txt")
    assert "is the output, too" in error(same, "-o", same, "--input-format", "conll")
    told = error(POOL, "-o", "x/a", "--table", "x/a")
    assert "-o and --table name one file twice, x/a; name different files" in told
    told = error(same, "--input-format", "conll", "--tokens", 1)
    assert "(50 sentences, 0 with labels, 1 longer than the number of tokens" in told


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("--number", "0", "expected a whole number from 1, found '0'"),
        ("--diversity", "2", "expected a number from 0 to 1, found '2'"),
        ("--strategy", "doubt", "invalid choice: 'doubt'"),
    ],
)
def test_options(option, value, problem, quickstart_archive, capsys):
    with pytest.raises(SystemExit):
        main(["select", str(quickstart_archive), str(POOL), option, value])
    assert problem in capsys.readouterr().err
