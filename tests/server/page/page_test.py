import json
import math
import re

import pytest

from bilstm_tagger.command_line import main

TEXT = (
    "Ada Lovelace wrote to Charles Babbage 😀 in London. "
    "👩‍👩‍👧 Apple hired him on Monday, in Paris."
)
SPANS = ("chunk", "ner")
LABELS = ("upos", "xpos")
DOUBTFUL = 0.9


def per_cent(probability):
    return f"{math.floor(1000 * probability) / 10:.1f}\u00a0%"


def lines(page, number=0):
    """The lines of a sentence by the names of their tasks."""
    sentence = page.locator("#result .sentences > li").nth(number)
    names = [" ".join(name.split()) for name in sentence.locator("dt").all_inner_texts()]
    return dict(zip(names, sentence.locator("dd").all(), strict=True))


def tip(page):
    return page.locator("#tip:visible").inner_text()


def test_spans_are_marked_in_the_text(show, tag, taggers):
    page = show()
    tag(page, TEXT)
    sentences = taggers["english"](TEXT, probabilities=True)
    assert page.locator(".sentences > li").count() == len(sentences) > 1
    for number, sentence in enumerate(sentences):
        drawn = lines(page, number)
        for task in SPANS:
            marks = [
                f"{span.text}\u00a0{span.label} {per_cent(span.probability)}"
                for span in sentence.spans[task]
            ]
            assert drawn[task].locator("mark").all_text_contents() == marks
            # All of the text is there, and nothing else but labels.
            drawn[task].locator("small").evaluate_all("nodes => nodes.forEach(n => n.remove())")
            start, end = sentence.offsets[0][0], sentence.offsets[-1][1]
            assert drawn[task].text_content().replace("\u00a0", "") == TEXT[start:end]


def test_labels_stand_below_tokens(show, tag, taggers):
    page = show()
    tag(page, TEXT)
    for number, sentence in enumerate(taggers["english"](TEXT, probabilities=True)):
        tokens = lines(page, number)["upos xpos"].locator(".token")
        rows = zip(
            sentence.tokens,
            *(
                [f"{tag} {per_cent(p)}" for tag, p in zip(sentence.tags[t], p_of_t, strict=True)]
                for t in LABELS
                for p_of_t in [sentence.probabilities[t]]
            ),
            strict=True,
        )
        texts = tokens.evaluate_all(
            "nodes => nodes.map(n => [...n.children].map(c => c.textContent))"
        )
        assert texts == list(map(list, rows))
        word, *labels = [child.bounding_box() for child in tokens.first.locator("> *").all()]
        assert word["y"] < labels[0]["y"] < labels[1]["y"]


def test_how_sure_is_seen_and_doubts_have_a_number(show, tag, taggers):
    page = show()
    tag(page, TEXT)
    sentence = taggers["english"](TEXT, probabilities=True)[1]
    marks = lines(page, 1)["chunk"].locator("mark")
    for mark, span in zip(marks.all(), sentence.spans["chunk"], strict=True):
        width = mark.bounding_box()["width"]
        (size,) = mark.evaluate("n => [getComputedStyle(n).backgroundSize.split(',')[0]]")
        share = float(re.search(r"([\d.]+)%", size)[1]) / 100
        assert share == pytest.approx(span.probability, abs=1e-4) and width > 20
        assert mark.locator(".chance").count() == (span.probability < DOUBTFUL)
    outside = lines(page, 1)["ner"].locator(".outside").all_text_contents()
    assert outside == [
        f"{token}\u00a0O {per_cent(probability)}"
        for token, tag, probability in zip(
            sentence.tokens, sentence.tags["ner"], sentence.probabilities["ner"], strict=True
        )
        if tag == "O" and probability < DOUBTFUL
    ]


def test_the_number_shows_at_the_mouse_and_at_the_keyboard(show, tag, taggers):
    page = show()
    tag(page, TEXT)
    sentence = taggers["english"](TEXT, probabilities=True)[0]
    spans = sentence.spans["chunk"]
    numbers = [f"{span.label} {per_cent(span.probability)}" for span in spans]
    tokens = lines(page)["upos xpos"].locator(".token")
    tokens.nth(2).hover()
    assert tip(page) == "\n".join(
        f"{task}: {sentence.tags[task][2]} {per_cent(sentence.probabilities[task][2])}"
        for task in LABELS
    )
    page.mouse.move(2, 2)
    assert page.locator("#tip:visible").count() == 0
    page.get_by_role("button", name="Download").focus()
    for key, number in [("Tab", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)]:
        page.keyboard.press(key)
        assert tip(page) == numbers[number]
    tokens.nth(2).hover()
    page.mouse.move(2, 2)
    assert tip(page) == numbers[1]
    page.keyboard.press("Escape")
    assert page.locator("#tip:visible").count() == 0
    page.keyboard.press("End")
    assert tip(page).startswith("upos: PUNCT")
    page.keyboard.press("Home")
    assert tip(page) == numbers[0]
    # One step of the Tab key leads past all of them.
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Alternatives of sentence 1"


def test_alternatives_are_opened_by_the_keyboard(show, tag, taggers):
    text = "Apple hired Ada Lovelace near Analytical Engine."
    page = show()
    tag(page, text)
    page.locator("summary").press("Enter")
    tables = page.locator(".alternatives table")
    tables.first.wait_for()
    (sentence,) = taggers["english"](text, top_k=5)
    for table, task in zip(tables.all(), sentence.tags, strict=True):
        best = sentence.alternatives[task]
        assert table.locator("caption").inner_text() == task
        numbers = [per_cent(alternative.probability) for alternative in best]
        assert table.locator("th").all_text_contents()[:-1] == numbers
        cells = table.locator("td").all()
        assert cells[0].inner_text() == "as above"
        for cell, alternative in zip(cells[1:-1], best[1:], strict=True):
            if task in LABELS:
                added = [
                    f"{token}\u00a0{tag}"
                    for token, tag, shown in zip(
                        sentence.tokens, alternative.tags, sentence.tags[task], strict=True
                    )
                    if tag != shown
                ]
            else:
                shown = {(s.label, s.first_token, s.last_token) for s in sentence.spans[task]}
                added = [
                    f"{s.text}\u00a0{s.label}"
                    for s in alternative.spans
                    if (s.label, s.first_token, s.last_token) not in shown
                ]
            assert cell.locator("mark:not(.missing)").all_text_contents() == added
            if not added:
                assert "not " in cell.locator("mark.missing").first.text_content()


def test_tasks_and_models_are_chosen(show, tag):
    page = show()
    tag(page, TEXT)
    assert list(lines(page)) == ["chunk", "ner", "upos xpos"]
    page.get_by_role("checkbox", name="chunk").uncheck()
    page.get_by_role("checkbox", name="xpos").press("Space")
    page.wait_for_function(
        "() => [...document.querySelectorAll('li:first-child dt')]"
        ".map(name => name.textContent).join(' ') === 'ner upos'"
    )
    page.get_by_role("checkbox", name="ner").uncheck()
    page.get_by_role("checkbox", name="upos").uncheck()
    assert page.get_by_role("alert").inner_text() == "No task is chosen. Choose one."
    page.get_by_label("Model").select_option("quickstart")
    tag(page, TEXT)
    assert list(lines(page)) == ["chunk", "pos"]


def test_a_label_keeps_its_colour(show, tag):
    page = show()
    hues = []
    for text in ("Ada went to Paris.", "He met Ada, Bob and Eve in Rome.", "In Rome he met Bob."):
        tag(page, text)
        marks = lines(page)["ner"].locator("mark")
        hues.append(
            dict(
                marks.evaluate_all(
                    "nodes => nodes.map(n => [n.querySelector('small').firstChild.data,"
                    " n.style.getPropertyValue('--hue')])"
                )
            )
        )
    assert hues[0] == hues[1] == hues[2]
    assert len(set(hues[0].values())) == len(hues[0]) == 2


def test_the_result_is_copied_and_downloaded(show, tag, taggers, capsysbinary, tmp_path):
    source = tmp_path / "text.txt"
    source.write_text(TEXT)
    forms = ["--input-format", "text", "--output-format", "conll"]
    main(["tag", "english", str(source), *forms])
    conll = capsysbinary.readouterr().out.decode()
    sentences = [s.to_json() for s in taggers["english"](TEXT, probabilities=True)]
    wanted = json.loads(json.dumps({"model": "english", "text": TEXT, "sentences": sentences}))
    page = show()
    tag(page, TEXT)
    for form, read, content in [("CoNLL", str, conll), ("JSON", json.loads, wanted)]:
        page.get_by_label("Copy as").select_option(form)
        page.get_by_role("button", name="Copy").click()
        page.get_by_text("Copied.").wait_for()
        assert read(page.evaluate("navigator.clipboard.readText()")) == content
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        assert download.value.suggested_filename == f"tagged.{form.lower()}"
        assert read(download.value.path().read_text()) == content


@pytest.mark.parametrize("scheme", ("light", "dark"))
@pytest.mark.parametrize("width", (1280, 360))
def test_axe_finds_no_serious_fault(show, tag, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = show(width, scheme)
    tag(page, "Apple hired Ada Lovelace near Analytical Engine there yet.")
    page.locator("summary").click()
    page.locator(".alternatives").wait_for()
    assert page.locator(".chance:visible").count() > 3
    for part in ("main", "#file"):
        if part == "#file":
            page.get_by_role("button", name="Tag a file…").click()
        faults = axe.Axe().run(page, context=part).response["violations"]
        assert [fault for fault in faults if fault["impact"] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
