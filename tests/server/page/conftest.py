"""The page of a real server with two models, in Chromium; answers can be replaced."""

import re

import pytest

from bilstm_tagger.tagging.tagger import Tagger

MODELS = {"english": "english", "quickstart": "fixtures/models/quickstart_0.1.0.tar.gz"}


@pytest.fixture(scope="session")
def taggers():
    return {name: Tagger.load(model) for name, model in MODELS.items()}


@pytest.fixture(scope="module")
def address(start_server, taggers):
    with start_server(taggers) as server:
        yield f"{server.address}/"


@pytest.fixture(scope="module")
def address_with_token(start_server, taggers):
    with start_server(taggers, "a-secret") as server:
        yield f"{server.address}/"


@pytest.fixture
def show(browser, address):
    """Opens the page. It may log nothing but answers that are errors, and may ask for nothing of
    another host."""
    contexts, faults = [], []

    def show(width=1280, scheme="light", address=address, ready=True):
        size = {"width": width, "height": 800}
        permissions = ["clipboard-read", "clipboard-write"]
        contexts.append(
            browser.new_context(viewport=size, color_scheme=scheme, permissions=permissions)
        )
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on(
            "console",
            lambda message: (
                message.text.startswith("Failed to load resource") or faults.append(message.text)
            ),
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "request",
            lambda request: (
                request.url.startswith((address, "blob:")) or faults.append(request.url)
            ),
        )
        page.goto(address)
        if ready:
            page.locator("#form button.main:enabled").wait_for()
        return page

    yield show
    for context in contexts:
        context.close()
    assert faults == []


def tag_on_page(page, text):
    page.get_by_role("textbox", name="Text").fill(text)
    page.get_by_role("textbox", name="Text").press("Control+Enter")
    page.get_by_role("status").filter(has_text=re.compile(r"token.* ms$")).wait_for()


@pytest.fixture
def tag():
    """Tags a text on a page."""
    return tag_on_page


@pytest.fixture
def replace():
    """Makes the server answer a request with given sentences."""

    def replace(page, sentences):
        answer = {"model": "english", "results": [{"sentences": sentences}]}
        page.route("**/tag", lambda route: route.fulfill(json=answer))

    return replace
