"""The page of doubts, in Chromium."""

import random

import pytest

from bilstm_tagger.experiments.doubts.page import make_doubt_page
from bilstm_tagger.experiments.doubts.ranking import find_doubts
from bilstm_tagger.experiments.out_of_fold import (
    OutOfFoldSentence,
    OutOfFoldTask,
    write_out_of_fold,
)

HOSTILE = [
    "</script><script>document.title='bad'</script>",
    '"><img src=x onerror=alert(1)>',
    "<!--<script>",
    "شركة",
    "\u202ereversed",
    "&amp;",
    "x" * 10_000,
]
WORDS = "The bank of Northern Ireland said on Friday that Paris Jones and her brother won".split()
SENTENCES = ".task:not([hidden]) .sentences > li"
# Gold span, suggested span (first and last token), and the type of the suggestion.
CHANGES = {
    "type": ((1, 2), (1, 2), "ORG"),
    "boundary": ((1, 2), (1, 3), "PER"),
    "missed": (None, (1, 2), "PER"),
    "spurious": ((1, 2), None, None),
}


def spans_task(kind, size, chance):
    gold, suggested, label = CHANGES[kind]
    tags = ["O"] * size
    spans = []
    if gold is not None:
        tags[1:3] = ["B-PER", "I-PER"]
        spans.append((*gold, "PER", 0.02))
    if suggested is not None:
        spans.append((*suggested, label, chance))
    # A span that both sides have.
    tags[5] = "B-LOC"
    spans.append((5, 5, "LOC", 0.97))
    chances = [chance if 1 <= token <= 2 and suggested is None else 0.03 for token in range(size)]
    labels = [[("O", chance), ("B-X", 0.01)] for chance in chances]
    return OutOfFoldTask(tags, tags, labels, spans, "BIO")


def labels_task(size, chance):
    labels = [[("NN", 1.0)] for _ in range(size)]
    labels[3] = [("VB", chance), ("NN", 1 - chance)]
    return OutOfFoldTask(["NN"] * size, ["NN"] * size, labels)


@pytest.fixture
def report(tmp_path):
    def make(count=120, hostile=()):
        numbers = random.Random(3)
        sentences = []
        for number in range(count):
            size = numbers.randint(8, 20)
            tokens = numbers.choices([*hostile, *WORDS], k=size)
            kind = numbers.choice(list(CHANGES))
            tasks = {
                "ner": spans_task(kind, size, numbers.uniform(0.5, 0.97)),
                "pos <b>": labels_task(size, numbers.uniform(0.6, 0.99)),
            }
            line = 30 * number
            sentences.append(
                OutOfFoldSentence(
                    "a.conll", number + 1, 1, tokens, tasks, lines=[line] * len(tokens)
                )
            )
        path = tmp_path / "predictions.jsonl"
        write_out_of_fold(path, sentences)
        return find_doubts(str(path))

    return make


@pytest.fixture
def show(open_page):
    """Opens the page of a report."""
    return lambda report, *where, **how: open_page(make_doubt_page(report), *where, **how)


def status(page):
    return page.locator(".task:not([hidden]) [role=status]").text_content()


def test_sentences_are_in_the_order_of_their_first_doubts(show, report):
    content = report()
    task = content.tasks[0]
    page = show(content)
    assert status(page) == "120 of 120 sentences, 120 doubts"
    facts = page.locator(f"{SENTENCES} > p").all_text_contents()
    wanted = [
        f"{sentence.place} · sentence {sentence.number} · rank {doubt.rank} (score "
        f"{doubt.score:.3f})"
        for sentence in task.doubtful
        for doubt in sentence.doubts
    ]
    assert len(facts) >= 50 and facts == wanted[: len(facts)]
    ranks = [sentence.doubts[0].rank for sentence in task.doubtful]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("type", "wrong type"),
        ("boundary", "wrong boundary"),
        ("missed", "missed"),
        ("spurious", "spurious"),
    ],
)
def test_gold_stands_above_the_suggestion(show, report, kind, name):
    content = report()
    page = show(content)
    page.get_by_role("region", name="Kinds").get_by_role("button", name=name).click()
    wanted = [s for s in content.tasks[0].doubtful if s.doubts[0].kind == kind]
    assert status(page) == f"{len(wanted)} of 120 sentences, {len(wanted)} doubts"
    sentence = page.locator(SENTENCES).first
    assert sentence.locator("dt").all_text_contents() == ["gold", "suggestion"]
    gold, suggestion = (line.locator("mark") for line in sentence.locator("dd").all())
    tokens, (doubt,) = wanted[0].tokens, wanted[0].doubts
    last = f"{tokens[5]}LOC"

    def mark(spans):
        return [f"{' '.join(tokens[first : end + 1])}{label}" for first, end, label in spans]

    assert gold.all_text_contents() == [*mark(doubt.gold), last]
    why = f"{name} {int(1000 * doubt.probability) / 10:.1f}\xa0%"
    shown = mark(doubt.suggestion) or [" ".join(doubt.tokens)]
    assert sorted(suggestion.all_text_contents()) == sorted([shown[0] + why, last])
    assert sentence.locator("mark.wrong").count() == (kind != "spurious")
    assert sentence.locator("mark.missing").count() == (kind == "spurious")


def test_search_and_types_filter(show, report):
    content = report()
    page = show(content)
    page.get_by_label("Type, gold or suggested").select_option("ORG")
    wanted = [s for s in content.tasks[0].doubtful if s.doubts[0].kind == "type"]
    assert status(page) == f"{len(wanted)} of 120 sentences, {len(wanted)} doubts"
    page.get_by_role("searchbox", name="Text").fill(" PARIS")
    wanted = [s for s in wanted if "Paris" in s.tokens]
    noun = "doubt" if len(wanted) == 1 else "doubts"
    assert (
        len(wanted) > 0 and status(page) == f"{len(wanted)} of 120 sentences, {len(wanted)} {noun}"
    )


def test_labels_stand_at_their_token(show, report):
    page = show(report(), "#task-2")
    assert page.locator("h2:visible").all_inner_texts() == ["pos <b>"]
    token = page.locator(f"{SENTENCES} .token").first
    assert token.locator(".label").all_text_contents() == ["NN", "VB"]


def test_a_doubt_of_several_spans_counts_once(show, tmp_path):
    tags = ["B-X", "I-X", "B-X", "I-X"]
    spans = [(0, 1, "X", 0.05), (2, 3, "X", 0.1), (1, 2, "Y", 0.9)]
    task = OutOfFoldTask(tags, tags, [[("O", 0.1), ("B-X", 0.1)]] * 4, spans, "BIO")
    path = tmp_path / "predictions.jsonl"
    write_out_of_fold(path, [OutOfFoldSentence("a", 1, 1, list("abcd"), {"ner": task})])
    page = show(find_doubts(str(path)))
    assert status(page) == "1 of 1 sentence, 1 doubt"
    gold, suggestion = (
        line.locator("mark").all_text_contents() for line in page.locator("dd:has(mark)").all()
    )
    assert gold == ["a bX", "c dX"] and suggestion == ["b cYwrong boundary 90.0\xa0%"]


def test_hostile_tokens_are_text(show, report):
    page = show(report(60, HOSTILE))
    for link in ("ner", "pos <b>"):
        page.get_by_role("link", name=link, exact=True).click()
        page.locator("[aria-current]", has_text=link).wait_for()
        text = page.locator(".task:not([hidden]) .sentences").text_content()
        assert all(token in text for token in HOSTILE)
        assert page.locator("img").count() == 0
    assert page.title().startswith("Labels in doubt: ")


@pytest.mark.parametrize("hostile", ([], HOSTILE), ids=("plain", "hostile"))
@pytest.mark.parametrize("width", (1280, 360))
def test_the_page_is_as_wide_as_the_window(show, report, width, hostile):
    for task in ("#task-1", "#task-2"):
        page = show(report(40, hostile), task, width)
        assert page.locator(SENTENCES).count() == 40
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ("light", "dark"))
@pytest.mark.parametrize("width", (1280, 360))
def test_axe_finds_no_serious_fault(show, report, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    for task in ("#task-1", "#task-2"):
        page = show(report(20), task, width, scheme)
        faults = axe.Axe().run(page, options=None).response["violations"]
        assert [fault for fault in faults if fault["impact"] in ("serious", "critical")] == []
