import json
import re

import pytest

from bilstm_tagger.tagging.results import TaggedSentence, TaggedSpan

HOSTILE = [
    "</textarea><script>document.title='bad'</script>",
    '"><img src=x onerror=alert(1)>',
    "&amp;",
    "\u202ereversed\u202c",
    "nul\x01\x07bell",
    "👩‍👩‍👧🇫🇷",
    "التقى",
    "x" * 3_000,
]


def sentence(tokens, start=0, span=None, probability=0.95):
    """As the server sends it: of tokens with blanks between, from a position of a text on; all of
    them nouns, one of them of an entity."""
    offsets = []
    for token in tokens:
        offsets.append((start, start + len(token)))
        start += len(token) + 1
    spans = []
    if span is not None:
        text, bounds = tokens[span], offsets[span]
        spans = [TaggedSpan("PER", span, span, text, *bounds, probability=probability)]
    tags = ["B-PER" if token == span else "O" for token in range(len(tokens))]
    probabilities = {"ner": [0.99] * len(tokens), "upos": [probability] * len(tokens)}
    return TaggedSentence(
        tokens=tokens,
        tags={"ner": tags, "upos": ["NOUN"] * len(tokens)},
        spans={"ner": spans, "upos": []},
        offsets=offsets,
        probabilities=probabilities,
        sequence_probabilities={"ner": 0.9, "upos": 0.9},
    ).to_json()


def choose_two_tasks(page):
    """Those that sentences above have."""
    for task in ("chunk", "xpos"):
        page.get_by_role("checkbox", name=task).uncheck()


def problem(page):
    return page.locator("#problem:visible p").inner_text()


def fill(page, text):
    page.get_by_role("textbox", name="Text").fill(text)


def start(page):
    page.get_by_role("button", name="Tag Ctrl+Enter").click()


@pytest.mark.parametrize("width", (1280, 360))
def test_hostile_text_is_text(show, tag, width):
    page = show(width)
    tag(page, " ".join(HOSTILE) + " London. ")
    shown = page.locator(".sentences").evaluate(
        "list => [...list.querySelectorAll('.token')].map(n => n.firstChild.textContent).join('')"
    )
    for token in HOSTILE:
        visible = re.sub("[\x01\x07\u202c\u202e]", lambda m: f"U+{ord(m[0]):04X}", token)
        assert visible.replace(" ", "") in shown
    assert page.locator(".sentences img, .sentences script").count() == 0
    assert page.title() == "BiLSTM tagger"
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_text_from_right_to_left(show, tag, replace):
    tokens = ["التقى", "أحمد", "مع", "سارة"]
    page = show()
    choose_two_tasks(page)
    replace(page, [sentence(tokens, span=1)])
    tag(page, " ".join(tokens))
    drawn = [token.bounding_box()["x"] for token in page.locator(".token").all()]
    assert drawn == sorted(drawn, reverse=True)
    assert page.locator("mark").inner_text().startswith("أحمد")
    page.locator(".token").first.focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.textContent").startswith("أحمد")


def test_empty_text_is_no_request(show):
    page = show()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    fill(page, " \n ")
    start(page)
    assert problem(page) == "There is no text. Type or paste some."
    assert page.evaluate("document.activeElement.name") == "text"
    assert requests == []


def test_an_error_of_the_server_is_shown_as_it_is(show, tag):
    page = show()
    tag(page, "Ada.")
    answers = [
        {"status": 413, "json": {"detail": "Too <b>large</b>."}},
        {"status": 502, "body": "<html>Bad gateway"},
    ]
    page.route("**/tag", lambda route: route.fulfill(**answers.pop(0)))
    start(page)
    page.locator("#problem:visible").wait_for()
    assert problem(page) == "Too <b>large</b>."
    assert not page.locator("#result").is_visible()
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("The server answered with the status 502 Bad Gateway.").wait_for()
    page.unroute("**/tag")
    page.get_by_role("button", name="Try again").click()
    page.locator("mark").first.wait_for()
    assert page.locator("#problem:visible").count() == 0


def test_a_server_that_is_gone(show, tag):
    page = show()
    tag(page, "Ada.")
    page.route("**/tag", lambda route: route.abort())
    page.locator("summary").press("Enter")
    gone = "The server does not answer. Is it still running?"
    page.locator("details").get_by_text(gone).wait_for()
    start(page)
    page.locator("#problem:visible").wait_for()
    assert problem(page) == gone


def test_a_page_whose_server_has_no_models_yet(show):
    page = show(ready=False)
    page.route("**/models", lambda route: route.abort())
    page.reload()
    page.get_by_role("button", name="Try again").wait_for()
    assert page.locator("#form button.main:enabled").count() == 0
    page.unroute("**/models")
    page.get_by_role("button", name="Try again").click()
    page.locator("#form button.main:enabled").wait_for()


def test_what_takes_time_can_be_stopped(show, tag):
    page = show()
    tag(page, "Ada.")
    waiting = []
    page.route("**/tag", lambda route: waiting.append(route))
    start(page)
    page.get_by_role("progressbar").wait_for()
    assert page.locator("#status").inner_text() == "Tagging…"
    page.get_by_role("button", name="Stop").click()
    assert page.locator("#status").inner_text() == "Stopped."
    assert page.get_by_role("progressbar").count() == 0
    # A later text wins over an earlier one that is still on its way.
    start(page)
    page.unroute("**/tag")
    tag(page, "Bob. Eve.")
    assert len(waiting) == 2
    assert page.locator("#problem:visible").count() == 0
    assert "Bob" in page.locator(".sentences").inner_text()


def test_thousands_of_sentences(show):
    """In pieces that the server takes; all of them are tagged, and drawn when they are near."""
    text = "".join(f"Anna 😀 met Bob in Paris on May {number}. " for number in range(2_000))
    page = show()
    choose_two_tasks(page)
    fill(page, text)
    start(page)
    sentences = page.locator(".sentences > li")
    page.get_by_text("2,000 sentences, 20,000 tokens").wait_for()
    assert sentences.count() < 500
    page.get_by_label("Copy as").select_option("json")
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied.").wait_for()
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied["text"] == text
    assert len(copied["sentences"]) == 2_000
    last = copied["sentences"][-1]
    assert [text[start:end] for start, end in last["offsets"]] == last["tokens"]
    assert [text[s["start"] : s["end"]] for s in last["spans"]["ner"]] == ["Anna", "Bob", "Paris"]
    # A step of drawing takes the page no longer than a moment.
    step = page.evaluate(
        """() => {
            const start = performance.now();
            document.querySelector("#result .more").click();
            return performance.now() - start;
        }"""
    )
    assert step < 1_000
    page.mouse.move(600, 600)
    for _ in range(20):
        page.mouse.wheel(0, 2_000)
        page.wait_for_timeout(20)
    assert 200 < sentences.count() < 1_000
    assert sentences.last.locator("mark").count() == 3


def test_a_problem_in_the_middle_of_a_text_keeps_what_was_tagged(show):
    page = show()
    text = "Ada met Bob in Paris on Monday. " * 1_000
    requests = []

    def answer(route):
        requests.append(route)
        if len(requests) > 1:
            route.fulfill(status=503, json={"detail": "Too many requests wait."})
        else:
            route.continue_()

    page.route("**/tag", answer)
    fill(page, text)
    start(page)
    page.locator("#problem:visible").wait_for()
    assert problem(page) == "Too many requests wait."
    assert page.locator(".sentences > li").count() > 10


def test_a_model_that_needs_columns_takes_only_files(show):
    page = show()
    task = {"name": "chunk", "labels": ["B-NP"], "encoding": "BIO"}
    models = [{"name": "old", "language": None, "tasks": [task], "columns": ["pos"]}]
    page.route("**/models", lambda route: route.fulfill(json={"models": models}))
    page.reload()
    page.get_by_text("The model old reads more of a token than the token (pos)").wait_for()
    assert page.get_by_role("button", name="Tag Ctrl+Enter").is_disabled()
    assert page.get_by_role("button", name="Tag a file…").is_enabled()
    assert page.get_by_role("textbox", name="Text").input_value() == ""


def test_a_server_with_a_token_asks_for_it_once(show, tag, address_with_token):
    page = show(address=address_with_token, ready=False)
    field = page.locator("#token input[name=token]")
    field.wait_for()
    field.press("Escape")
    assert problem(page) == "The server answers only those who have its token."
    page.get_by_role("button", name="Try again").click()
    field.fill("wrong")
    field.press("Enter")
    page.get_by_text("The server did not accept this token.").wait_for()
    field.fill("a-secret")
    field.press("Enter")
    page.locator("#form button.main:enabled").wait_for()
    tag(page, "Ada met Bob.")
    page.reload()
    tag(page, "Ada met Bob.")
    assert not field.is_visible()


def test_pieces_are_as_large_as_the_server_takes_them(serve, taggers, show):
    server = serve(taggers=taggers, tokens=60)
    page = show(address=f"{server.address}/")
    page.locator("textarea").fill("Ada wrote to Bob. " * 40)
    page.get_by_role("button", name="Tag Ctrl+Enter").click()
    page.get_by_text("40 sentences, 200 tokens").wait_for()
    assert page.locator("#problem").is_hidden()
