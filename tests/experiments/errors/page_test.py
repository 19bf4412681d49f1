import base64
import hashlib
import json
import re
import time
from collections import Counter

import msgspec
import pytest

from bilstm_tagger.experiments.errors import confusion_matrix
from bilstm_tagger.experiments.errors.page import make_error_page

HOSTILE = [
    "</script><script>document.title='bad'</script>",
    "<!--<script>",
    '"><img src=x onerror=alert(1)>',
    "شركة",
    "הבנק",
    "\u202ereversed",
    "&amp;",
    "x" * 10_000,
]
SENTENCES = ".task:not([hidden]) .sentences > li"


def wrong(outcomes):
    return [outcome for outcome in outcomes if outcome.kind != "right"]


def pair(outcome):
    """The gold and the predicted label of an error."""
    return tuple(span and span[2] for span in (outcome.gold, outcome.predicted))


def open_task(page, name):
    """Goes to a task, and waits until the page shows it."""
    link = page.get_by_role("link", name=name, exact=True)
    link.click()
    link.and_(page.locator("[aria-current]")).wait_for()


def places(page):
    """Of all sentences that the page lists."""
    # Without the mouse, as the button moves when the end of the list comes into sight.
    more = page.locator(".task:not([hidden]) .more")
    more.evaluate("button => { while (!button.hidden) button.click(); }")
    # Not what is seen of them, as what is out of sight is not laid out.
    facts = page.locator(f"{SENTENCES} > p:first-child").all_text_contents()
    return [text.split(" · ")[0] for text in facts]


def status(page):
    return page.locator(".task:not([hidden]) [role=status]").inner_text()


def select(page, name, label):
    page.locator(f".task:not([hidden]) [name={name}]").select_option(label=label)


def count(number, noun):
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def assert_lists(page, task, passes, models=None):
    """Whether the page lists the sentences where some model makes an error that `passes`, or those
    `models` alone that are named by True, and counts these errors.
    """
    numbers = [
        (errors.place, [sum(map(passes, wrong(outcomes))) for outcomes in errors.outcomes])
        for errors in task.errors
    ]
    numbers = [
        (place, row)
        for place, row in numbers
        if any(row) and models in (None, [number > 0 for number in row])
    ]
    sentences = f"{len(numbers):,} of {count(len(task.errors), 'sentence')}"
    assert status(page) == f"{sentences}, {count(sum(sum(row) for _, row in numbers), 'error')}"
    assert places(page) == [place for place, _ in numbers]


def cells(page, name):
    """The rows of a table of the task shown, as texts."""
    region = page.get_by_role("region", name=name, exact=True)
    texts = region.evaluate(
        "region => [...region.querySelectorAll('tbody tr')].map(row => "
        "[...row.cells].map(cell => cell.textContent))"
    )
    return [[" ".join(text.split()) for text in row] for row in texts]


def labels_in(confusion):
    """The labels that a row of the confusions names."""
    labels = re.fullmatch("gold (.*) → predicted (.*)", " ".join(confusion.split())).groups()
    return tuple(None if label == "none" else label for label in labels)


def test_the_script_is_the_one_that_the_policy_allows(sample_report):
    page = make_error_page(sample_report(sentences=5))
    script = re.search(r"<script>(.*)</script>", page, re.DOTALL)[1]
    assert "class Task" in script
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in page


def test_the_data_are_those_of_the_report_and_end_no_element(sample_report):
    report = sample_report(2, 40, HOSTILE)
    page = make_error_page(report)
    data = re.findall(r'<script type="application/json">([^<]*)</script>', page)
    for text, task in zip(data, report.tasks, strict=True):
        assert json.loads(text)["errors"] == json.loads(msgspec.json.encode(task.errors))


@pytest.mark.parametrize("number", (0, 1))
@pytest.mark.parametrize("models", (1, 2))
def test_counts_are_those_of_the_report(show, sample_report, number, models):
    report = sample_report(models)
    task = report.tasks[number]
    page = show(report, f"#task-{number + 1}")
    assert_lists(page, task, lambda outcome: True)
    kinds = zip(*(model.kinds.values() for model in task.models), strict=True)
    rows = cells(page, "Kinds of error")
    assert [row[1:] for row in rows] == [[f"{number:,}" for number in row] for row in kinds]
    rows = [[labels_in(row[0]), *map(int, row[1:])] for row in cells(page, "Confusions")]
    totals = [sum(row[1:]) for row in rows]
    assert totals == sorted(totals, reverse=True)
    for column, model in enumerate(task.models, start=1):
        shown = {row[0]: row[column] for row in rows if row[column]}
        assert shown == {(item.gold, item.predicted): item.count for item in model.confusions}
    scores = ["accuracy", *["97.31"] * models]
    if task.of_spans:
        scores = ["strict", *["91.00", "80.00", "85.14"] * models]
    assert cells(page, "Scores")[0] == scores
    types = cells(page, "Types" if task.of_spans else "Labels")
    assert [row[0] for row in types] == [score.label for score in task.models[0].types]
    assert types[1][1:] == ["90.00", "80.00", "85.00", "490", "470"] * models
    assert ["unknown", *["100", "51", "51.00"] * models] in cells(page, "Groups")


@pytest.mark.parametrize("number", (0, 1))
def test_a_confusion_lists_its_sentences(show, sample_report, number):
    report = sample_report(2)
    page = show(report, f"#task-{number + 1}")
    buttons = page.get_by_role("region", name="Confusions").get_by_role("button")
    for index in (0, 2, buttons.count() - 1):
        labels = labels_in(buttons.nth(index).text_content())
        buttons.nth(index).press("Enter")
        assert page.evaluate("document.activeElement.textContent") == "Sentences with errors"
        assert_lists(page, report.tasks[number], lambda o, labels=labels: pair(o) == labels)
    buttons.first.click()
    for _ in range(4):
        page.go_back()
    assert_lists(page, report.tasks[number], lambda outcome: True)


MATRIX_CELLS = """region => [...region.querySelectorAll("tbody tr")].map(row =>
    [...row.cells].map(cell => cell.textContent.trim()))"""


def matrix_of(page, name="Confusion matrix"):
    """The names of the rows and of the columns, the column "right", and the square."""
    region = page.get_by_role("region", name=name, exact=True)
    columns = [text.strip() for text in region.locator("thead th").all_text_contents()]
    assert columns[:2] == ["gold", "right"]
    rows = region.evaluate(MATRIX_CELLS)
    square = [[int(cell or 0) for cell in row[2:]] for row in rows]
    return [row[0] for row in rows], columns[2:], [row[1] for row in rows], square


@pytest.mark.parametrize("number", (0, 1))
@pytest.mark.parametrize("models", (1, 2))
def test_the_confusion_matrix_has_the_counts_of_the_report(show, sample_report, number, models):
    report = sample_report(models)
    task = report.tasks[number]
    page = show(report, f"#task-{number + 1}")
    sizes = Counter()
    for model, name in zip(task.models, "AB", strict=False):
        of_model = f"Confusion matrix of {name}" if models > 1 else "Confusion matrix"
        rows, columns, right, square = matrix_of(page, of_model)
        shown = {
            (gold, predicted): count
            for gold, counts in zip(rows, square, strict=True)
            for predicted, count in zip(columns, counts, strict=True)
            if count
        }
        expected = {(c.gold or "none", c.predicted or "none"): c.count for c in model.confusions}
        assert shown == expected
        gold_numbers = {score.label: score.gold for score in model.types}
        assert right == [
            "" if label == "none" else str(round(0.8 * gold_numbers[label])) for label in rows
        ]
        for labels, count in expected.items():
            sizes.update(dict.fromkeys(labels, count))
    for labels in (rows, columns):
        assert [sizes[label] for label in labels] == sorted(map(sizes.get, labels), reverse=True)


@pytest.mark.parametrize("number", (0, 1))
def test_a_cell_of_the_confusion_matrix_lists_its_sentences(show, sample_report, number):
    report = sample_report(2)
    page = show(report, f"#task-{number + 1}")
    buttons = page.get_by_role("region", name="Confusion matrix of B").get_by_role("button")
    for index in (0, buttons.count() - 1):
        name = buttons.nth(index).get_attribute("aria-label")
        labels = re.fullmatch("gold (.*), predicted (.*): [0-9,]+", name).groups()
        wanted = tuple(None if label == "none" else label for label in labels)
        buttons.nth(index).click()
        assert_lists(page, report.tasks[number], lambda o, wanted=wanted: pair(o) == wanted)
        selected = page.locator(".task:not([hidden]) [name=confusion] option:checked")
        assert selected.text_content() == " → ".join(labels)


def test_the_least_confused_labels_share_a_row_and_a_column(show, sample_report, monkeypatch):
    report = sample_report()
    _, columns, _, whole = matrix_of(show(report))
    monkeypatch.setattr(confusion_matrix, "MAX_LABELS", 3)
    page = show(report)
    rows, fewer, _, square = matrix_of(page)
    assert rows == fewer == [*columns[:2], "other"]
    assert sum(map(sum, square)) == sum(map(sum, whole))
    page.get_by_role("button", name=re.compile("gold other, predicted other")).click()
    assert square[2][2] > 1 and status(page).endswith(f", {square[2][2]} errors")
    assert_lists(
        page, report.tasks[0], lambda o: not {*columns[:2]} & {x or "none" for x in pair(o)}
    )


def test_arrow_keys_go_through_the_confusion_matrix(show, sample_report):
    page = show(sample_report(2))
    square = page.get_by_role("region", name="Confusion matrix of A")
    names = [button.get_attribute("aria-label") for button in square.get_by_role("button").all()]
    square.focus()
    page.keyboard.press("Tab")

    def press(key):
        page.keyboard.press(key)
        return page.evaluate("document.activeElement.ariaLabel")

    assert press("ArrowLeft") == press("Home") == names[0]
    assert [press("ArrowRight"), press("ArrowRight"), press("ArrowLeft")] == [*names[1:3], names[1]]
    assert press("End") == press("ArrowRight") == press("ArrowDown") == names[-1]
    column = names[-1].split(", ")[1].split(":")[0]
    above = [name for name in names if f", {column}:" in name]
    assert press("ArrowUp") == above[-2] and press("ArrowDown") == names[-1]
    # One stop of the Tab key, where the arrow keys have left it.
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Confusion matrix of A"
    assert press("Tab") == names[-1]


def test_filters_filter(show, sample_report):
    report = sample_report(2)
    page = show(report)
    task = report.tasks[0]
    reset = page.get_by_role("button", name="Reset")
    select(page, "kind", "wrong boundary")
    assert_lists(page, task, lambda o: o.kind == "boundary")
    select(page, "label", "ORG")
    assert_lists(page, task, lambda o: o.kind == "boundary" and "ORG" in pair(o))
    page.wait_for_url(lambda url: url.endswith("#task-1?label=ORG&kind=boundary"))
    page.reload()
    assert_lists(page, task, lambda o: o.kind == "boundary" and "ORG" in pair(o))
    reset.click()
    assert_lists(page, task, lambda outcome: True)
    whose = {"A alone": [True, False], "B alone": [False, True], "A and B": [True, True]}
    for name, models in whose.items():
        select(page, "who", name)
        assert_lists(page, task, lambda outcome: True, models)
    reset.click()
    page.get_by_role("region", name="Types").get_by_role("button", name="LOC").click()
    assert_lists(page, task, lambda o: "LOC" in pair(o))
    page.get_by_role("region", name="Kinds").get_by_role("button", name="spurious").click()
    assert_lists(page, task, lambda o: o.kind == "spurious")


def test_search(show, sample_report):
    report = sample_report()
    page = show(report)
    search = page.get_by_role("searchbox", name="Text")
    search.fill(" PARIS jones")
    wanted = [e.place for e in report.tasks[0].errors if "Paris Jones" in " ".join(e.tokens)]
    assert 0 < len(wanted) < 100
    assert places(page) == wanted
    search.fill("no such text")
    assert status(page).startswith("0 of ")
    assert places(page) == []


def test_tasks_are_links(show, sample_report):
    report = sample_report()
    page = show(report)
    assert page.locator("h2:visible").all_inner_texts() == ["ner"]
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert_lists(page, report.tasks[1], lambda outcome: True)
    assert page.locator("h2:visible").all_inner_texts() == ["pos <b>"]
    assert page.locator("[aria-current]").all_inner_texts() == ["pos <b>"]


def test_sentences_show_gold_above_predicted(show, sample_report):
    report = sample_report(2)
    page = show(report)
    errors = report.tasks[0].errors[0]
    sentence = page.locator(SENTENCES).first
    assert sentence.locator("dt").all_text_contents() == ["gold", "A", "B"]
    lines = sentence.locator("dd").all()
    gold = {o.gold for outcomes in errors.outcomes for o in outcomes if o.gold}
    words = [" ".join(errors.tokens[first : last + 1]) for first, last, _ in sorted(gold)]
    labels = [label for _, _, label in sorted(gold)]
    assert lines[0].locator("mark").all_text_contents() == [
        f"{word}{label}" for word, label in zip(words, labels, strict=True)
    ]
    for line, outcomes in zip(lines[1:], errors.outcomes, strict=True):
        missing = sum(outcome.kind == "missing" for outcome in outcomes)
        assert line.locator("mark.missing").count() == missing
        assert line.locator("mark.wrong").count() == len(wrong(outcomes)) - missing
        assert line.locator("mark").count() == len(outcomes)
    page.get_by_role("link", name="pos <b>").click()
    errors = report.tasks[1].errors[0]
    numbers = {o.gold[0] for outcomes in errors.outcomes for o in outcomes}
    tokens = page.locator(SENTENCES).first.locator(".token > span").all_text_contents()
    assert tokens == [errors.tokens[number] for number in sorted(numbers)]


def test_hostile_tokens_are_text(show, sample_report):
    page = show(sample_report(2, 60, HOSTILE))
    for link in ("ner", "pos <b>"):
        open_task(page, link)
        assert len(places(page)) > 50
        text = page.locator(".task:not([hidden]) .sentences").text_content()
        assert all(token in text for token in HOSTILE)
        assert page.locator("img").count() == 0
    assert page.title().startswith("Errors of models/english.tar.gz and ")


@pytest.mark.parametrize("hostile", ([], HOSTILE), ids=("plain", "hostile"))
@pytest.mark.parametrize("models", (1, 2))
@pytest.mark.parametrize("width", (1280, 360))
def test_the_page_is_as_wide_as_the_window(show, sample_report, width, models, hostile):
    page = show(sample_report(models, 40, hostile), width=width)
    for task in ("ner", "pos <b>"):
        open_task(page, task)
        assert page.locator(SENTENCES).count() > 20
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ("light", "dark"))
@pytest.mark.parametrize("task", ("#task-1", "#task-2"))
@pytest.mark.parametrize("width", (1280, 360))
def test_axe_finds_no_serious_fault(show, sample_report, width, task, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = show(sample_report(2, 20), task, width, scheme)
    faults = axe.Axe().run(page, options=None).response["violations"]
    assert [fault for fault in faults if fault["impact"] in ("serious", "critical")] == []


def test_without_javascript_all_tables_are_there(show, sample_report):
    page = show(sample_report(2, 20), java_script_enabled=False)
    assert page.locator("h2:visible").count() == 2
    assert page.locator("table caption:visible").count() == 14
    assert "needs JavaScript" in page.locator("noscript").first.inner_text()
    assert page.locator("button:enabled:visible").count() == 0


def test_50_000_sentences_open_in_3_seconds(show, sample_report):
    report = sample_report(2, 500)
    task = report.tasks[0]
    errors = (task.errors * 102)[:50_000]
    task = msgspec.structs.replace(task, errors=errors)
    page = show(msgspec.structs.replace(report, tasks=[task]))
    start = time.monotonic()
    page.reload()
    assert page.locator(SENTENCES).count() == 50
    assert time.monotonic() - start < 3
    assert status(page).startswith("50,000 of 50,000 sentences")
    page.mouse.move(600, 600)
    for _ in range(20):
        page.mouse.wheel(0, 4_000)
        page.wait_for_timeout(20)
    assert 100 < page.locator(SENTENCES).count() < 1_000
