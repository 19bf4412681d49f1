"""Labels that are likely wrong: confident learning, places and their kinds, the ranking, and the
command `doubts`."""

import csv
import json
from collections import Counter
from itertools import combinations
from random import Random

import msgspec
import pytest

from bilstm_tagger.command_line import main
from bilstm_tagger.experiments.doubts.confidence import Thresholds, confident_label
from bilstm_tagger.experiments.doubts.page import make_doubt_page
from bilstm_tagger.experiments.doubts.places import best_spans, label_places, span_places
from bilstm_tagger.experiments.doubts.ranking import find_doubts
from bilstm_tagger.experiments.doubts.report import Doubt
from bilstm_tagger.experiments.out_of_fold import (
    PREDICTIONS,
    OutOfFoldSentence,
    OutOfFoldTask,
    write_out_of_fold,
)


def labelled(gold, *probabilities):
    """A sentence with plain labels; of each token the probability of each label."""
    labels = [sorted(chances.items(), key=lambda pair: -pair[1]) for chances in probabilities]
    return OutOfFoldTask(gold, [pairs[0][0] for pairs in labels], labels)


def spanned(gold, spans, outside, encoding="BIO"):
    """A sentence with spans, and of each token the probability to be outside of them."""
    labels = [[("O", chance), ("I-X", 1 - chance)] for chance in outside]
    return OutOfFoldTask(gold, gold, labels, spans, encoding)


def sentence(number, tokens, tasks, file="data/train.conll"):
    lines = [10 * number + token for token in range(len(tokens))]
    return OutOfFoldSentence(file, number, 1, tokens, tasks, lines=lines)


@pytest.fixture
def written(tmp_path):
    """Writes sentences as `allennlp crossval` does, and returns the file."""

    def write(*sentences, folder="runs/config"):
        path = tmp_path / folder / PREDICTIONS
        path.parent.mkdir(parents=True, exist_ok=True)
        write_out_of_fold(path, sentences)
        return str(path)

    return write


# Confident learning


def test_confident_learning_by_hand():
    # Self-confidence: A 0.9, 0.7, 0.2, so that the threshold is 0.6; B 0.8, 0.4: 0.6.
    task = labelled(
        ["A", "A", "A", "B", "B", ""],
        {"A": 0.9, "B": 0.1},
        {"A": 0.7, "B": 0.3},
        {"A": 0.2, "B": 0.8},
        {"A": 0.2, "B": 0.8},
        {"A": 0.6, "B": 0.4},
        {"A": 1.0, "B": 0.0},
    )
    thresholds = Thresholds()
    thresholds.add_labels(task)
    means = thresholds.means()
    assert means == pytest.approx({"A": 0.6, "B": 0.6})
    joint = Counter(
        (gold, confident_label(dict(labels), means))
        for gold, labels in zip(task.gold, task.labels, strict=True)
        if gold
    )
    assert joint == {("A", "A"): 2, ("A", "B"): 1, ("B", "B"): 1, ("B", "A"): 1}
    places = list(label_places(task, means))
    assert [place.tokens[0] for place in places] == [2, 4]
    assert [place.classes for place in places] == [("A", "B"), ("B", "A")]


def test_a_label_below_its_threshold_gives_way_to_one_above():
    # The most probable label is the gold one, which is usually more probable; B is usually less.
    means = {"A": 0.9, "B": 0.3}
    assert confident_label({"A": 0.6, "B": 0.4}, means) == "B"
    assert confident_label({"A": 0.95, "B": 0.4}, means) == "A"
    assert confident_label({"A": 0.8, "B": 0.2}, means) is None
    (place,) = label_places(labelled(["A"], {"A": 0.6, "B": 0.4}), means)
    assert place.classes == ("A", "B")
    # A label that no token has is suggested only where it is the most probable one.
    (place,) = label_places(labelled(["A"], {"A": 0.3, "B": 0.1, "C": 0.6}), means)
    assert place.classes == ("A", "C")


def test_thresholds_of_spans():
    thresholds = Thresholds()
    thresholds.add_spans(
        spanned(["B-X", "I-X", "O", "B-Y"], [(0, 1, "X", 0.8), (3, 3, "Y", 0.5)], [0, 0, 0.6, 0])
    )
    thresholds.add_spans(spanned(["B-X", "O", ""], [(0, 0, "X", 0.4)], [0.3, 0.8, 0.9]))
    thresholds.add_spans(spanned(["O", ""], [], [1.0, 0.0]))
    assert thresholds.means() == pytest.approx({"O": 0.8, "X": 0.6, "Y": 0.5})


# Places


def place_of(gold, spans, outside=(0.9, 0.1, 0.1, 0.9)):
    (place,) = span_places(spanned(gold, spans, outside))
    return place


def test_kinds():
    gold = ["O", "B-X", "I-X", "O"]
    span = (1, 2, "X", 0.1)
    place = place_of(gold, [span, (1, 2, "Y", 0.8)])
    assert (place.kind, place.gold, place.suggestion) == ("type", [(1, 2, "X")], [(1, 2, "Y")])
    assert (place.gold_probability, place.probability) == (0.1, 0.8)
    place = place_of(gold, [span, (2, 2, "X", 0.8)])
    assert (place.kind, place.suggestion, place.tokens) == ("boundary", [(2, 2, "X")], (1, 2))
    place = place_of(gold, [span, (2, 3, "Y", 0.8)])
    assert (place.kind, place.tokens) == ("boundary", (1, 3))
    place = place_of(gold, [span], (0.9, 0.7, 0.8, 0.9))
    assert (place.kind, place.suggestion) == ("spurious", [])
    assert (place.gold_probability, place.probability) == (0.1, 0.7)
    assert place.classes == ("X", "O")
    place = place_of(["O"] * 4, [(1, 2, "Y", 0.8)], (0.9, 0.1, 0.2, 0.9))
    assert (place.kind, place.gold) == ("missed", [])
    assert (place.gold_probability, place.probability) == (0.1, 0.8)
    assert place.classes == ("O", "Y")


def test_what_hangs_together_is_one_place():
    # [a b] [c d] is suggested to be [a] [b c] [d].
    gold = ["B-X", "I-X", "B-X", "I-X"]
    spans = [(0, 1, "X", 0.05), (2, 3, "X", 0.1), (0, 0, "X", 0.8), (1, 2, "Y", 0.7)]
    place = place_of(gold, [*spans, (3, 3, "X", 0.9)], (0.0,) * 4)
    assert place.kind == "boundary"
    assert place.gold == [(0, 1, "X"), (2, 3, "X")]
    assert place.suggestion == [(0, 0, "X"), (1, 2, "Y"), (3, 3, "X")]
    # No more probable than its least probable span.
    assert (place.gold_probability, place.probability) == (0.05, 0.7)


def test_spans_that_only_touch_are_two_places():
    spans = [(0, 0, "X", 0.1), (0, 0, "Y", 0.9), (1, 1, "Y", 0.8)]
    places = list(span_places(spanned(["B-X", "O"], spans, (0.0, 0.2))))
    assert [place.kind for place in places] == ["type", "missed"]


def test_best_spans_by_enumeration():
    random = Random(5)
    for _ in range(200):
        size = random.randint(1, 6)
        outside = [random.random() for _ in range(size)]
        spans = {
            (first, random.randint(first, size - 1), random.choice("XY"))
            for first in random.choices(range(size), k=4)
        }
        chances = {span: random.random() for span in sorted(spans)}

        def expected(chosen, outside=outside, chances=chances, size=size):
            covered = {token for first, last, _ in chosen for token in range(first, last + 1)}
            inside = sum(chances[span] * (span[1] - span[0] + 1) for span in chosen)
            return inside + sum(outside[token] for token in range(size) if token not in covered)

        permitted = [
            chosen
            for count in range(5)
            for chosen in combinations(chances, count)
            if all(a[1] < b[0] or b[1] < a[0] for a, b in combinations(chosen, 2))
        ]
        best = best_spans([(*span, chance) for span, chance in chances.items()], outside)
        assert tuple(sorted(best)) in [tuple(sorted(chosen)) for chosen in permitted]
        assert expected(best) == pytest.approx(max(map(expected, permitted)))


def test_no_doubt_where_no_label_is_known():
    gold = ["O", "", "O", "B-X"]
    spans = [(0, 1, "X", 0.9), (2, 2, "X", 0.9), (3, 3, "X", 0.1), (3, 3, "Y", 0.9)]
    places = list(span_places(spanned(gold, spans, (0.1, 0.1, 0.1, 0.0))))
    assert [place.suggestion for place in places] == [[(2, 2, "X")], [(3, 3, "Y")]]
    assert list(label_places(labelled([""], {"A": 1.0}), {"A": 0.5})) == []


def test_no_doubt_where_a_label_is_not_known():
    gold = ["", "", "", "O"]
    for span in ((0, 0, "X", 0.9), (0, 1, "X", 0.9), (1, 1, "Y", 0.9)):
        task = spanned(gold, [span, (3, 3, "Y", 0.9)], (0.1, 0.1, 0.1, 0.0))
        assert [place.suggestion for place in span_places(task)] == [[(3, 3, "Y")]]


# The ranking


def test_sure_disagreement_of_classes_that_are_seldom_unsure_comes_first(written):
    def tokens(*chances):
        return [{"A": 1 - chance, "B": chance, "C": 0.0} for chance in chances]

    # A as B: mostly unsure. A as C: always sure.
    unsure = labelled(["A"] * 9, *tokens(*[0.6] * 8, 0.97))
    sure = labelled(["A"] * 4, *[{"A": 0.04, "C": 0.96}] * 4)
    path = written(
        sentence(1, list("abcdefghi"), {"pos": unsure}), sentence(2, list("jklm"), {"pos": sure})
    )
    report = find_doubts(path)
    first = [(doubt.tokens, doubt.suggestion[0][2]) for doubt in report.doubts[:5]]
    assert first == [*(([token], "C") for token in "jklm"), (["i"], "B")]
    scores = [doubt.score for doubt in report.doubts]
    assert scores == sorted(scores, reverse=True) and 0 < scores[-1] < scores[0] < 1
    assert [doubt.rank for doubt in report.doubts] == list(range(1, 14))


@pytest.fixture
def mixed(written):
    """Predictions of two tasks; the second sentence lacks one, and a label is not known."""
    ner = spanned(["B-X", "I-X", "O"], [(0, 1, "X", 0.05), (0, 1, "Y", 0.95)], [0.0, 0.0, 0.99])
    pos = labelled(["A", "", "B"], {"A": 0.9, "B": 0.1}, {"B": 1.0}, {"A": 0.7, "B": 0.3})
    return written(
        sentence(1, ["New", "York", "x"], {"pos": pos, "ner": ner}),
        sentence(2, ["#", "a"], {"pos": labelled(["B", "A"], {"B": 0.9}, {"A": 0.8})}),
        sentence(3, ["b"], {"ner": spanned(["O"], [], [0.9])}, "other.conll"),
    )


def test_tasks_are_in_one_list(mixed):
    report = find_doubts(mixed)
    doubts = [(doubt.task, doubt.kind, doubt.place, doubt.first) for doubt in report.doubts]
    assert doubts == [
        ("ner", "type", "data/train.conll:10", 0),
        ("pos", "label", "data/train.conll:12", 2),
    ]
    ner, pos = report.tasks
    assert (ner.total, ner.listed) == (1, 1)
    assert (ner.sentences, ner.tokens, ner.unknown, ner.of_spans) == (2, 4, 0, True)
    assert (pos.sentences, pos.tokens, pos.unknown, pos.of_spans) == (2, 5, 1, False)
    # Y is the type of no gold span, and has no threshold to reach.
    assert ner.kinds == {"type": (1, 0), "boundary": (0, 0), "missed": (0, 0), "spurious": (0, 0)}
    assert pos.kinds == {"label": (1, 0)}
    assert [doubt.task for doubt in find_doubts(mixed, ["pos"]).doubts] == ["pos"]
    assert len(find_doubts(mixed, number=1).doubts) == 1
    assert find_doubts(mixed, number=1).tasks[1].doubtful == []


# The command


def run(capsys, *arguments):
    main(["doubts", *map(str, arguments)])
    return capsys.readouterr().out


def test_what_the_command_writes(mixed, tmp_path, capsys):
    paths = [tmp_path / "out" / name for name in ("d.json", "d.jsonl", "d.csv", "corpus.tsv")]
    corpus = paths.pop()
    for path in paths:
        output = run(capsys, tmp_path / "runs", "--output-file", path, "--corpus", corpus)
    assert "The first 2 of 2" in output and "data/train.conll:10" in output
    assert "ner: out of fold, the models have an F1 of 100.0%" in output
    assert "pos: out of fold, the models have an accuracy of 75.0%" in output
    assert "[New York]X" in output and "[New York]Y" in output
    whole, lines, table = (path.read_text() for path in paths)
    doubts = json.loads(whole)["doubts"]
    assert [json.loads(line) for line in lines.splitlines()] == doubts
    assert msgspec.convert(doubts, list[Doubt]) == find_doubts(mixed).doubts
    rows = list(csv.DictReader(table.splitlines()))
    assert [float(row["score"]) for row in rows] == [doubt["score"] for doubt in doubts]
    assert rows[0]["suggestion"] == "[New York]Y"
    columns = output.splitlines()[-1].split(": ")[1].split(", ")
    assert columns[:3] == ["token", "ner", "ner_suggested"] and len(columns) == 9
    score, of_pos = (f"{doubt['score']:.4f}" for doubt in doubts)
    none = ["_", "_", "_"]
    rows = [line.split("\t") for line in corpus.read_text().split("\n")]
    assert rows == [
        ["New", "B-X", "B-Y", "type", score, "A", *none],
        ["York", "I-X", "I-Y", "type", score, "_", *none],
        ["x", "O", *none, "B", "A", "label", of_pos],
        [""],
        ["#", "_", *none, "B", *none],
        ["a", "_", *none, "A", *none],
        [""],
        ["b", "O", *none, "_", *none],
        [""],
        [""],
    ]


def test_suggestions_have_the_encoding_of_the_files(written, tmp_path, capsys):
    gold = ["B-X", "E-X", "S-X", "O"]
    spans = [(0, 1, "X", 0.1), (0, 2, "X", 0.9), (2, 2, "X", 0.1)]
    task = spanned(gold, spans, (0, 0, 0, 1), "IOBES")
    written(sentence(1, list("abcd"), {"ner": task}))
    run(capsys, tmp_path / "runs", "--corpus", tmp_path / "corpus")
    rows = [line.split("\t") for line in (tmp_path / "corpus").read_text().splitlines()]
    assert [row[2] for row in rows[:4]] == ["B-X", "I-X", "E-X", "_"]


def test_a_suggested_tag_fits_the_spans_beside_it(written, tmp_path, capsys):
    """In IOB1, a span right after one of its type begins with B."""
    gold = ["I-X", "O", "I-X", "O"]
    spans = [(0, 0, "X", 0.9), (1, 1, "X", 0.9), (2, 2, "X", 0.1), (2, 3, "X", 0.9)]
    task = spanned(gold, spans, (0, 0.1, 0, 0.1), "IOB1")
    written(sentence(1, list("abcd"), {"ner": task}))
    run(capsys, tmp_path / "runs", "--corpus", tmp_path / "corpus")
    rows = [line.split("\t") for line in (tmp_path / "corpus").read_text().splitlines()]
    # Each suggestion stands alone: what it fits are the gold spans.
    assert [row[2] for row in rows[:4]] == ["_", "B-X", "I-X", "I-X"]


def test_a_task_of_spans_without_one(written):
    """Where all are missing, a label is no doubt by itself."""
    path = written(sentence(1, ["a", "b"], {"ner": spanned(["O", "O"], [], (0.4, 0.4))}))
    report = find_doubts(path)
    assert report.tasks[0].of_spans and report.doubts == []


def test_data_sets_may_have_the_same_file(written, tmp_path, capsys):
    sentences = [
        sentence(1, [word], {"pos": labelled(["A"], {"A": 0.1, label: 0.9})})
        for word, label in (("a", "B"), ("b", "C"))
    ]
    names = ("first", "second")
    path = written(
        *(msgspec.structs.replace(s, dataset=n) for s, n in zip(sentences, names, strict=True))
    )
    report = find_doubts(path)
    assert [(doubt.dataset, doubt.tokens) for doubt in report.doubts] == [
        ("first", ["a"]),
        ("second", ["b"]),
    ]
    doubtful = [(s.dataset, s.tokens, len(s.doubts)) for s in report.tasks[0].doubtful]
    assert doubtful == [("first", ["a"], 1), ("second", ["b"], 1)]
    assert "data set second" in make_doubt_page(report)
    table, corpus = tmp_path / "d.csv", tmp_path / "corpus"
    output = run(capsys, path, "--output-file", table, "--corpus", corpus)
    assert "second" in output
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["dataset"] for row in rows] == ["first", "second"]
    suggested = [line.split("\t")[2] for line in corpus.read_text().splitlines() if line]
    assert suggested == ["B", "C"]


def test_a_data_file_has_all_words(written, tmp_path, capsys):
    words = [f"word{number}" for number in range(12)]
    spans = [(0, 11, "X", 0.1), (0, 11, "Y", 0.9)]
    of_spans = spanned(["B-X", *["I-X"] * 11, "O"], [*spans, (12, 12, "X", 0.9)], [0] * 13)
    path = written(sentence(1, [*words, "z"], {"ner": of_spans}))
    table = tmp_path / "d.csv"
    output = run(capsys, path, "--output-file", table)
    rows = {row["kind"]: row for row in csv.DictReader(table.read_text().splitlines())}
    shown = {kind: (row["gold"], row["suggestion"]) for kind, row in rows.items()}
    text = " ".join(words)
    assert shown == {"type": (f"[{text}]X", f"[{text}]Y"), "missed": ("no span", "[z]X")}
    assert "…" in output and "word5 word6" not in output
    assert "dataset" not in rows["type"]


def test_models_that_are_mostly_wrong_are_a_warning(written, capsys, caplog):
    pos = labelled(["A", "A", "B"], {"A": 0.9, "B": 0.1}, {"B": 1.0}, {"A": 0.7, "B": 0.3})
    assert "accuracy of 33.3%" in run(capsys, written(sentence(1, list("abc"), {"pos": pos})))
    assert "Many doubts about 'pos' are errors of the models" in caplog.text


def test_number_and_task(mixed, tmp_path, capsys):
    path = tmp_path / "d.csv"
    output = run(capsys, mixed, "--number", 1, "--task", "pos", "--output-file", path)
    assert "The first 1 of 1" in output and len(path.read_text().splitlines()) == 2


def test_a_number_cuts_the_list_and_not_the_counts(written, tmp_path, capsys):
    spans = [(0, 0, "X", 0.01), (0, 0, "Y", 0.99), (1, 1, "X", 0.1), (1, 1, "Y", 0.8)]
    gold = ["B-X", "B-X", "B-X", "O"]
    task = spanned(gold, [*spans, (2, 2, "X", 1.0), (3, 3, "Y", 0.9)], (0.0, 0.1, 0.0, 0.1))
    other = spanned(["B-Y"], [(0, 0, "Y", 0.3)], (0.7,))
    path = written(sentence(1, list("abcd"), {"t": task}), sentence(2, ["e"], {"t": other}))
    whole, cut = find_doubts(path), find_doubts(path, number=1)
    assert cut.doubts == whole.doubts[:1]
    kinds = {"type": (2, 2), "boundary": (0, 0), "missed": (1, 1), "spurious": (1, 1)}
    assert cut.tasks[0].kinds == kinds
    (doubtful,) = cut.tasks[0].doubtful
    assert len(doubtful.doubts) == 1
    # Of the doubt below the cut, a gold span is none that models agree with.
    assert doubtful.agreed == [(2, 2, "X")]
    page = tmp_path / "page.html"
    output = run(capsys, path, "--number", 1, "--report", page)
    assert "The first 1 of 4\n" in output
    assert "Of 4 doubts the page lists 1, in <button" in page.read_text()
    assert "the page lists" not in make_doubt_page(whole)


def test_a_token_with_line_ends_stays_in_its_row(written, capsys):
    path = written(sentence(1, ["a\nb\x1b"], {"t": labelled(["A"], {"A": 0.1, "B": 0.9})}))
    (row,) = [line for line in run(capsys, path).splitlines() if "[a" in line]
    assert r"[a\nb\x1b]A" in row


@pytest.fixture
def error(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(["doubts", *map(str, arguments)])
        captured = capsys.readouterr()
        assert ended.value.code == 1 and captured.out == ""
        (line,) = captured.err.splitlines()
        return line

    return run


def test_mistakes_in_the_call(mixed, written, tmp_path, error):
    assert "'chunk'; it has those of ner, pos" in error(mixed, "--task", "chunk")
    assert ".html" in error(mixed, "--report", "page.pdf")
    assert ".json, .jsonl, .csv" in error(mixed, "--output-file", "doubts.txt")
    assert "is the output, too" in error(mixed, "--corpus", mixed)
    table = tmp_path / "a.csv"
    told = error(mixed, "--corpus", table, "--output-file", tmp_path / "x" / ".." / "a.csv")
    assert "--output-file and --corpus name one file twice, " in told and not table.exists()
    assert "no such file" in error(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "allennlp crossval" in error(tmp_path / "empty")
    written(folder="runs/other")
    line = error(tmp_path / "runs")
    assert "2 configs" in line and mixed in line


def test_a_file_with_other_line_ends(mixed, tmp_path, capsys):
    report = find_doubts(mixed)
    path = tmp_path / "windows.jsonl"
    with open(mixed, "rb") as stream:
        path.write_bytes(b"\xef\xbb\xbf" + stream.read().replace(b"\n", b"\r\n"))
    assert find_doubts(str(path)).doubts == report.doubts


@pytest.mark.parametrize(
    ("task", "fault"),
    [
        (labelled(["A"], {"A": 1.0}, {"A": 1.0}), "has 1 gold labels for 2 tokens"),
        (labelled(["A", "B"], {"A": 1.0}), "has 1 lists of labels for 2 tokens"),
        (OutOfFoldTask(["A", "B"], ["A", "B"], [[("A", 1.0)], []]), "without predicted labels"),
        (spanned(["B-X", "?"], [(0, 0, "X", 1.0)], [0, 1]), "none of spans"),
        (spanned(["B-X", "B-X"], [(0, 0, "X", 1.0)], [0, 0]), "gold span without a probability"),
        (spanned(["B-X", "O"], [(0, 0, "X", 1), (1, 2, "X", 0)], [0, 0]), "outside of the sent"),
        (spanned(["B-X", "O"], [], [0, 1]), "gold span without a probability"),
        (spanned(["B-X", "O"], [(0, 0, "X", 1)], [0, 1], None), "no encoding of its tags"),
        (spanned(["O", "O"], [], [1, 1], "BOI"), "unknown tag encoding 'BOI'"),
        (
            OutOfFoldTask(["A", "A"], ["A"], [[("A", 1.0)]] * 2),
            "has 1 predicted labels for 2 tokens",
        ),
        (spanned(["O", "O"], [(0, 0, "", 1)], [0, 1]), "has an empty label, or an empty type"),
        (labelled(["A", "A"], {"": 1.0}, {"A": 1.0}), "has an empty label, or an empty type"),
        (labelled(["A", "A"], {"A": 1.5}, {"A": 1.0}), "of 'A' that is not between 0 and 1: 1.5"),
        (spanned(["O", "O"], [(0, 1, "X", -2)], [0, 1]), "of 'X' that is not between 0 and 1: -2"),
    ],
)
def test_predictions_that_do_not_fit_are_named(written, error, task, fault):
    path = written(
        sentence(1, ["a"], {"u": labelled(["A"], {"A": 1.0})}), sentence(2, ["a", "b"], {"t": task})
    )
    line = error(path)
    assert fault in line and ".jsonl:2: " in line and "data/train.conll:20" in line


def test_damaged_sentences_are_named(written, error, tmp_path):
    tasks = {"t": labelled(["A", "A"], {"A": 1.0}, {"A": 1.0})}
    first = sentence(1, ["a", "b"], tasks)
    line = error(written(first, msgspec.structs.replace(first, number=2, lines=[3])))
    assert ".jsonl:2: sentence 2 of data/train.conll has 1 numbers of lines for 2 tokens" in line
    others = (sentence(2, ["a", "b"], tasks), sentence(1, ["a", "b"], tasks, "b.conll"))
    line = error(written(first, *others, first))
    assert ".jsonl:4: sentence 1 of data/train.conll is in line 1, too; write" in line
    for path in (written(), written(msgspec.structs.replace(first, tasks={}))):
        assert f"{path}: the file has no predictions; write" in error(path)


def test_a_task_has_an_encoding_everywhere_or_nowhere(written, error):
    of_spans = spanned(["O"], [], [1])
    path = written(
        sentence(1, ["a"], {"t": of_spans}), sentence(2, ["a"], {"t": labelled(["O"], {"O": 1.0})})
    )
    assert "in some sentences, and none in others" in error(path)


def test_other_content_is_named(written, error, tmp_path):
    path = tmp_path / "train.conll"
    path.write_text("a B-X\n")
    assert "allennlp crossval" in error(path)
    path = written(sentence(1, ["a\tb"], {"t": labelled(["A"], {"A": 1.0})}))
    with pytest.raises(SystemExit):
        main(["doubts", path, "--corpus", str(tmp_path / "corpus")])
    assert not (tmp_path / "corpus").exists()
