"""The documentation site, built as `make docs` builds it."""

import argparse
import functools
import http.server
import inspect
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bilstm_tagger import command_line, tagging

for package in ("mkdocs", "material", "mkdocstrings_handlers.python"):
    pytest.importorskip(package, reason="the extra 'docs' is not installed")

import docs_links  # noqa: E402
import docs_reference  # noqa: E402
from docs_docstrings import markdown_of  # noqa: E402

ROOT = Path(__file__).parent.parent
REGISTERED = re.compile(r"^@(\w+)\.register\(.*\)\nclass (\w+)", re.MULTILINE)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--headless=new --no-sandbox --disable-gpu --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Elements(HTMLParser):
    """The elements of a page, each its name and its attributes, and its text."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.read_text())
        self.ids = {attributes.get("id") for _, attributes in self.elements}

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def links(self, name="a", attribute="href"):
        values = (attributes.get(attribute) for tag, attributes in self.elements if tag == name)
        return {value for value in values if value}


def options(parser: argparse.ArgumentParser) -> set[str]:
    return {option for action in parser._actions for option in action.option_strings}


class TestReference:
    def test_every_command_with_its_options(self, site):
        page = Elements(site / "reference/commands/index.html")
        for name in command_line._COMMANDS:
            assert f"bilstm-tagger-{name}" in page.ids
            parser = command_line.make_parser([name])
            (subparsers,) = (a for a in parser._actions if isinstance(a.choices, dict))
            wanted = options(subparsers.choices[name]) - {"-h", "--help"}
            assert wanted <= set(re.findall(r"(?<!\S)--?[a-z][a-z0-9-]*", page.text))
        own = {*command_line._OF_ALLENNLP} - {"train", "evaluate", "predict", "build-vocab"}
        for name in own | {"tag", "errors", "select"}:
            assert f"allennlp-{name}" in page.ids

    def test_the_public_classes_with_their_methods_and_parameters(self, site):
        page = Elements(site / "reference/python/index.html")
        for name in tagging.__all__:
            assert f"bilstm_tagger.tagging.{name}" in page.ids
            cls = getattr(tagging, name)
            methods = [m for m in vars(cls) if not m.startswith("_") and callable(getattr(cls, m))]
            for method in methods:
                if inspect.getdoc(getattr(cls, method)):
                    assert f"bilstm_tagger.tagging.{name}.{method}" in page.ids
        assert "bilstm_tagger.tagging.Tagger.__call__" in page.ids
        assert "overwrite_ents : bool, optional (default=True)" in page.text

    def test_everything_registered_with_allennlp(self, site):
        page = Elements(site / "reference/python/index.html")
        registered = set()
        for file in (ROOT / "bilstm_tagger/plugin").rglob("*.py"):
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            for base, name in REGISTERED.findall(file.read_text()):
                if base != "Subcommand":
                    registered.add(f"{module}.{name}")
        assert len(registered) > 20
        assert registered <= page.ids

    def test_nothing_is_left_of_what_the_pages_are_made_of(self, site):
        for name in ("commands", "python"):
            page = site / f"reference/{name}/index.html"
            text = Elements(page).text
            assert "# Parameters" not in text and "# Errors" not in text and ":::" not in text
            assert not [part for part in docs_reference._PARTS if part in page.read_text()]

    @pytest.mark.parametrize(
        ("docstring", "expected"),
        [
            ("One line.", "One line."),
            (
                "Adds.\n\n# Parameters\n\na, b : `int`, optional (default=`1`)\n    Numbers.\n\n"
                "    Two.\nsettings\n    Others.\n\n# Errors\n\n`UserError` for\nanything.",
                "Adds.\n\n**Parameters**{ .docstring-section }\n\n"
                "`a`, `b` : `int`, optional (default=`1`)\n:   Numbers.\n    \n    Two.\n\n"
                "`settings`\n:   Others.\n\n"
                "**Errors**{ .docstring-section }\n\n`UserError` for\nanything.",
            ),
            (
                "Runs:\n\n    a = 1\n    if a:\n        b\n\nEnd.",
                "Runs:\n\n```python\na = 1\nif a:\n    b\n```\n\nEnd.",
            ),
            (
                "# Returns\n\n`float`\n    The mean.",
                "**Returns**{ .docstring-section }\n\n`float`\n:   The mean.",
            ),
        ],
    )
    def test_docstrings_become_markdown(self, docstring, expected):
        assert markdown_of(docstring) == expected


class TestLinks:
    @pytest.fixture
    def links(self) -> docs_links.RepositoryLinks:
        links = docs_links.RepositoryLinks("https://host/repository")
        links.page_path = "docs/reference/commands.md"
        links.site_paths = {
            "docs/reference/commands.md": "reference/commands.md",
            "docs/tagging.md": "tagging.md",
            "CONTRIBUTING.md": "contributing.md",
        }
        return links

    @pytest.mark.parametrize(
        ("link", "expected"),
        [
            ("../tagging.md#in-spacy", "../tagging.md#in-spacy"),
            ("../../CONTRIBUTING.md", "../contributing.md"),
            ("../../setup.cfg", "https://host/repository/blob/main/setup.cfg"),
            ("../../Makefile#L3", "https://host/repository/blob/main/Makefile#L3"),
            ("../../fixtures/", "https://host/repository/tree/main/fixtures"),
            ("#tag", "#tag"),
            ("https://example.org/../x", "https://example.org/../x"),
        ],
    )
    def test_where_they_lead(self, links, caplog, link, expected):
        assert links.rewritten(link, image=False) == expected
        assert not caplog.records

    @pytest.mark.parametrize(
        ("link", "image", "problem"),
        [
            ("../nothing.md", False, "does not exist"),
            ("../../../outside.md", False, "does not exist"),
            ("../../nothing.png", True, "does not exist"),
            ("../../setup.cfg", True, "must be in docs/"),
        ],
    )
    def test_one_to_nothing_is_a_warning_which_ends_a_strict_build(
        self, links, caplog, link, image, problem
    ):
        links.rewritten(link, image)
        (record,) = caplog.records
        assert problem in record.message and "docs/reference/commands.md" in record.message
        assert record.levelno == logging.WARNING and record.name.startswith("mkdocs.")

    @pytest.mark.parametrize("link", ["nothing.md", "#nothing", "../nothing.py"])
    def test_a_strict_build_ends_at_a_broken_one(self, tmp_path, link):
        from mkdocs.commands.build import build
        from mkdocs.config import load_config
        from mkdocs.exceptions import Abort

        page = tmp_path / "docs/index.md"
        page.parent.mkdir()
        folders = {"docs_dir": str(page.parent), "site_dir": str(tmp_path / "site")}
        pages = ["index.md", *docs_links.PAGES.values()]
        settings = {**folders, "nav": pages, "plugins": [], "extra_css": [], "strict": True}
        page.write_text("# Page\n\n[This page](#page)\n")
        build(load_config(str(ROOT / "mkdocs.yml"), **settings))
        assert '<a href="#page">' in (tmp_path / "site/index.html").read_text()
        page.write_text(f"# Page\n\n[Broken]({link})\n")
        with pytest.raises(Abort, match="strict mode"):
            build(load_config(str(ROOT / "mkdocs.yml"), **settings))

    def test_those_of_the_site(self, site):
        assert "../contributing/" in Elements(site / "architecture/index.html").links()
        assert "../docs/" not in str(Elements(site / "contributing/index.html").links())
        records = Elements(site / "results/index.html").links()
        assert f"{docs_links.repository()}/blob/main/docs/results/runs.jsonl" in records
        assert not list(site.rglob("*.jsonl")) and not list(site.rglob("*.db"))


class TestOtherHosts:
    def test_no_page_asks_another_host(self, site):
        for page in site.rglob("*.html"):
            elements = Elements(page)
            assets = {
                *(link for tag in ("script", "img", "iframe", "source") for link in
                  elements.links(tag, "src")),
                *elements.links("link"),
            }  # fmt: skip
            assert not [asset for asset in assets if urlsplit(asset).netloc], page
        for sheet in site.rglob("*.css"):
            assert not re.search(r"(?:url\(|@import)[\s\"']*(?:https?:)?//", sheet.read_text())

    def test_pages_in_chromium_ask_this_host_alone_and_fit_a_telephone(self, site):
        playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing")
        if CHROMIUM is None:
            pytest.skip("Chromium is not installed")

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, format, *args):
                pass

        handler = functools.partial(Handler, directory=str(site))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{server.server_port}/"
            requests, errors = [], []
            with playwright.sync_playwright() as api:
                browser = api.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
                page = browser.new_page(viewport={"width": 360, "height": 740})
                page.on("request", lambda request: requests.append(request.url))
                page.on("pageerror", lambda error: errors.append(str(error)))
                for file in sorted(site.rglob("index.html")):
                    path = file.parent.relative_to(site).as_posix()
                    page.goto(f"{address}{path}/", wait_until="domcontentloaded")
                    assert page.evaluate("document.documentElement.scrollWidth") == 360, path
                page.set_viewport_size({"width": 1280, "height": 800})
                # What is typed before the page listens is lost.
                page.wait_for_load_state("networkidle")
                page.locator(".md-search__input").press_sequentially("calibration", delay=50)
                page.locator(".md-search-result__link").first.wait_for(timeout=120_000)
                browser.close()
            server.shutdown()
        assert errors == []
        assert len(requests) > 50
        assert {url for url in requests if not url.startswith((address, "data:", "blob:"))} == set()
