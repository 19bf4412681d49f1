"""Takes the pictures of pages in docs/images, in Debian's Chromium. `make screenshots`; names of
pictures, such as `errors`, for these alone.

The same commands make the same pages; letters depend on the fonts of the machine.
"""

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Optional

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

IMAGES = Path("docs/images")
CORPUS = "fixtures/corpus"
CONFIG = "training_config/quickstart.jsonnet"
RUNS = "docs/results/runs.jsonl"
CONFIGS = (
    *("--configs", "5f9509c79ba4", "conll2000_pos_and_chunks", "conll2000_tuned"),
    *("multitask_pos_chunking", "multitask_levels"),
)
WIDTH = 1280
# In bytes: what a page of documentation can load at once.
MAX_SIZE = 200_000
WITHOUT_TIME = "status => { status.textContent = status.textContent.replace(/, [^,]* ms/, '') }"
# In seconds.
PATIENCE = 60
TEXT = "Ada Lovelace wrote to Charles Babbage in London. He answered at once."


def run(*command: str) -> None:
    """Runs a command of this environment.

    # Errors

    `CalledProcessError`, after what the command has said.
    """
    program = Path(sys.executable).with_name(command[0])
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([program, *command[1:]], env=environment, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr, file=sys.stderr)
    done.check_returncode()


# Each page: its address, within a context.


@contextmanager
def error_page(folder: Path) -> Iterator[str]:
    """The error page of the English model on a file of the fixtures."""
    page = folder / "errors.html"
    gold = ("english", f"{CORPUS}/test.conll", "--dataset", "conll2000", "--task", "chunk")
    run("bilstm-tagger", "errors", *gold, "--train", f"{CORPUS}/train.conll", "--report", str(page))
    yield page.as_uri()


@contextmanager
def distribution_page(folder: Path) -> Iterator[str]:
    """The report of some runs that are recorded in docs/results."""
    page = folder / "distribution.html"
    run("allennlp", "distribution", RUNS, "--metric", "chunk_f1", "--report", str(page), *CONFIGS)
    yield page.as_uri()


@contextmanager
def curves_page(folder: Path, training: Optional[Path] = None) -> Iterator[str]:
    """The curves of a training; by default, of one that is run here."""
    if training is None:
        training = folder / "quickstart"
        run("allennlp", "train", CONFIG, "-s", str(training))
    page = folder / "curves.html"
    run("bilstm-tagger", "curves", str(training), "--report", str(page))
    yield page.as_uri()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A server with the English model."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("bilstm-tagger")
    server = subprocess.Popen(
        [program, "serve", "english", "--port", str(port)], stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}/"
    try:
        end = time.monotonic() + PATIENCE
        while not answers(f"{address}health"):
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError("bilstm-tagger serve english does not start")
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(PATIENCE)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return answer.status == 200
    except OSError:
        return False


def tag_example(page: Page) -> None:
    """Has the page of the server tag a text."""
    page.get_by_label("Text").first.fill(TEXT)
    page.keyboard.press("Control+Enter")
    page.get_by_text("Babbage").last.wait_for()
    # The time that it took is another one every time.
    page.get_by_text(" ms").evaluate(WITHOUT_TIME)


def take(browser: Browser, address: str, name: str, path: Path) -> None:
    """Writes a picture of the top of a page.

    # Errors

    `ValueError` for a picture that is too large.
    """
    size = ViewportSize(width=WIDTH, height=HEIGHTS[name])
    page = browser.new_page(viewport=size, color_scheme="light", reduced_motion="reduce")
    page.goto(address)
    if name == "serve":
        tag_example(page)
    content = page.screenshot(animations="disabled", caret="hide")
    page.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Pages have few colours: with the 256 most common ones a picture has a third of the size.
    with Image.open(io.BytesIO(content)) as picture:
        picture.convert("RGB").quantize(dither=Image.Dither.NONE).save(path, optimize=True)
    if (length := path.stat().st_size) > MAX_SIZE:
        raise ValueError(f"{path} has {length:,} bytes, more than {MAX_SIZE:,}; lower its height")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium of the system.

    # Errors

    `FileNotFoundError` where there is none.
    """
    program = shutil.which("chromium")
    if program is None:
        raise FileNotFoundError("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


# How to open each page, and how much of it is in the picture.
PAGES: dict[str, Callable[[Path], AbstractContextManager[str]]] = {
    "errors": error_page,
    "distribution": distribution_page,
    "curves": curves_page,
    "serve": served,
}
HEIGHTS = {"errors": 1500, "distribution": 1520, "curves": 1090, "serve": 800}


def main(names: Sequence[str] = tuple(PAGES), images: Path = IMAGES) -> None:
    """Takes pictures by their names."""
    with chromium() as browser, tempfile.TemporaryDirectory() as temporary:
        for name in names:
            path = images / f"{name}.png"
            with PAGES[name](Path(temporary)) as address:
                take(browser, address, name, path)
            print(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PAGES)}")
    names = parser.parse_args().names
    if unknown := sorted({*names}.difference(PAGES)):
        parser.error(f"there is no picture {', '.join(unknown)}; there are {', '.join(PAGES)}")
    main(names or tuple(PAGES))
