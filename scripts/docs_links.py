"""A hook of MkDocs: the links that work between files of the repository work on the site, too.

Some files outside of `docs/` are pages of the site. A link to any other file that is not on the
site leads to the repository that `setup.cfg` names. A link to a file that does not exist is a
warning, and so ends a strict build.
"""

import configparser
import logging
import os
import posixpath
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
# Files outside of docs/ to the pages of the site that they become.
PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "models/english.md": "models/english.md",
}

_LOG = logging.getLogger("mkdocs.hooks.docs_links")


def repository() -> str:
    """The address of the repository."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    addresses = parser["metadata"]["project_urls"].strip().splitlines()
    return dict(line.replace(" ", "").split("=", 1) for line in addresses)["Source"]


class RepositoryLinks(Extension):
    """Rewrites the links of a page. `page_path` is the path of the page in the repository;
    `site_paths` has the path on the site of every file there, by its path in the repository.
    """

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.page_path = ""
        self.site_paths: dict[str, str] = {}

    def extendMarkdown(self, md: Markdown) -> None:
        # Before MkDocs itself looks at links, with a priority of 0.
        md.treeprocessors.register(_LinkProcessor(self), "repository_links", 5)

    def rewritten(self, link: str, image: bool) -> str:
        """A link of the page, as it is on the site."""
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or not parts.path:
            return link
        folder = posixpath.dirname(self.page_path)
        target = posixpath.normpath(posixpath.join(folder, unquote(parts.path)))
        end = f"#{parts.fragment}" if parts.fragment else ""
        if target in self.site_paths:
            start = posixpath.dirname(self.site_paths[self.page_path])
            return posixpath.relpath(self.site_paths[target], start or ".") + end
        if target.startswith("../") or not (ROOT / target).exists():
            _LOG.warning("%s links to %s, which does not exist", self.page_path, link)
        elif image:
            _LOG.warning("%s shows %s, which must be in docs/", self.page_path, link)
        else:
            kind = "tree" if (ROOT / target).is_dir() else "blob"
            return f"{self.address}/{kind}/main/{target}{end}"
        return link


class _LinkProcessor(Treeprocessor):
    def __init__(self, links: RepositoryLinks) -> None:
        super().__init__()
        self.links = links

    def run(self, root: Element) -> None:
        for tag, attribute in (("a", "href"), ("img", "src")):
            for element in root.iter(tag):
                if link := element.get(attribute):
                    element.set(attribute, self.links.rewritten(link, image=tag == "img"))


_LINKS = RepositoryLinks(repository())


def on_config(config: MkDocsConfig) -> None:
    """Adds the rewriting of links, and the link to the repository in the footer."""
    config.markdown_extensions.append(_LINKS)
    config.extra["social"] = [
        {"icon": "fontawesome/brands/github", "link": _LINKS.address, "name": "Source code"}
    ]


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Adds the pages that are outside of `docs/`."""
    folder = os.path.relpath(config.docs_dir, ROOT)
    _LINKS.site_paths = {
        f"{folder}/{file.src_uri}": file.src_uri
        for file in files
        if not file.inclusion.is_excluded()
    }
    for path, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / path)))
        _LINKS.site_paths[path] = page


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> None:
    """Notes which page is next."""
    _LINKS.page_path = next(
        path for path, site_path in _LINKS.site_paths.items() if site_path == page.file.src_uri
    )
