"""README.md and the tutorials do what they say: blocks are run, and their output is compared.

The convention, by the first word of a fence:

- `bash` and `python` are run, in the order of the document. All blocks of a document share one
  folder, which has `fixtures/` and `training_config/` of a fresh clone, and the exported variables
  of the shell. A Python block is a program of its own. A block that fails fails the test.
- `text` and `json` show what the block before has printed (standard output and standard error).
  `...` stands for any characters in a line, and on a line of its own for any lines. Numbers with a
  decimal point may differ by 5 %, as scores differ between processors. All else must be equal,
  except for the width of tables.
- A block of any other language has a `title="PATH"`, and is written to that file.
- `sh` is for installation. It is not run, and may contain nothing else.
"""

import math
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs" / "tutorials").glob("*.md"))]

DECIMAL = r"-?\d+\.\d+(?:e[-+]\d+)?"
INSTALLATION = re.compile(
    r"(git clone|cd|make setup|pip install|python3? -m venv|source \S+/activate)\b"
)


def same_line(expected: str, printed: str) -> bool:
    """Whether a line is as shown, but for `...` and small differences of numbers."""
    parts = re.split(rf"(\.\.\.|{DECIMAL})", expected)
    # Every second part is a wildcard or a number.
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = [".*?" if part == "..." else f"({DECIMAL})" for part in parts[1::2]]
    match = re.fullmatch("".join(parts), printed)
    numbers = map(float, re.findall(DECIMAL, expected))
    return match is not None and all(
        math.isclose(number, float(group), rel_tol=0.05, abs_tol=0.005)
        for number, group in zip(numbers, match.groups(), strict=True)
    )


def same_output(expected: str, printed: str) -> bool:
    """Whether all lines are as shown; `...` on a line of its own stands for any lines."""
    wanted, lines = (
        [re.sub("━+|─+", "━", " ".join(line.split())) for line in text.strip().splitlines()]
        for text in (expected, printed)
    )

    @cache
    def same_from(i: int, j: int) -> bool:
        if i == len(wanted):
            return j == len(lines)
        if wanted[i] == "...":
            return any(same_from(i + 1, rest) for rest in range(j, len(lines) + 1))
        return j < len(lines) and same_line(wanted[i], lines[j]) and same_from(i + 1, j + 1)

    return same_from(0, 0)


def run(command: list[str], folder: Path) -> str:
    """What a command prints; it has to end with status 0."""
    environment = os.environ | {
        "ALLENNLP_CACHE_ROOT": str(folder / ".cache"),
        "COLUMNS": "100",
        "OMP_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }
    result = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    # Of a progress bar, a terminal shows the last state.
    printed = re.sub(r"[^\n]*\r(?!\n)", "", result.stdout.decode())
    assert result.returncode == 0, f"status {result.returncode}:\n{printed}"
    return printed


def check(document: str, folder: Path) -> None:
    """Runs the blocks of a document in a folder and compares their output."""
    variables = folder / ".variables"
    variables.touch()
    printed = None
    for block in MarkdownIt().parse(document):
        if block.type != "fence":
            continue
        kind, content = (block.info.split() or [""])[0], block.content
        place = f"line {block.map[0] + 1}" if block.map else ""
        title = re.search('title="(.+?)"', block.info)
        if kind in ("text", "json"):
            assert printed is not None, f"{place}: output without a command"
            assert same_output(content, printed), f"{place}: printed is\n{printed}"
            printed = None
        elif kind == "bash":
            script = f"set -eo pipefail\n. {variables}\n{content}\nexport -p > {variables}"
            printed = run(["bash", "-c", script], folder)
        elif kind == "python":
            printed = run([sys.executable, "-c", content], folder)
        elif kind == "sh":
            commands = content.replace("\\\n", " ").splitlines()
            assert all(map(INSTALLATION.match, commands)), f"{place}: more than installation"
        else:
            assert title, f"{place}: a block that is neither run nor compared nor a file"
            (folder / title[1]).parent.mkdir(parents=True, exist_ok=True)
            (folder / title[1]).write_text(content, encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_document(document: Path, tmp_path: Path):
    for name in ("fixtures", "training_config"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / ".allennlp_plugins", tmp_path)
    check(document.read_text(encoding="utf-8"), tmp_path)


@pytest.mark.parametrize(
    "expected, printed",
    [
        ("F1 0.9438", "F1 0.9500\n"),
        ("0.0 s", "0.0 s"),
        ("difference 3.8e-06", "difference 2.1e-06"),
        ("2 sentences, ... s, 0 skipped", "2 sentences, 0.4 s, 0 skipped"),
        ("first\n...\nlast", "first\nsecond\nlast"),
        ("first\n...\nlast", "first\nlast"),
        ("...\nlast 1.0", "last 9.0\nlast 1.0"),
        ("│ a  │  9.99 │\n└────┴───────┘", "│ a │ 10.00 │\n└───┴─────────┘"),
    ],
)
def test_same(expected: str, printed: str):
    assert same_output(expected, printed)


@pytest.mark.parametrize(
    "expected, printed",
    [
        ("F1 0.9438", "F1 0.8500"),
        ("F1 0.9438", "F1 1"),
        ("40 epochs", "41 epochs"),
        ("2 sentences, ... 0 skipped", "2 sentences, 0.4 s, 1 skipped"),
        ("first\nlast", "first\nsecond\nlast"),
        ("first\nlast", "first\nlast\nmore"),
        ("first\n...\nlast\nmore", "first\nlast"),
        ("first", ""),
    ],
)
def test_different(expected: str, printed: str):
    assert not same_output(expected, printed)


def test_what_a_document_shares(tmp_path: Path):
    check(
        '```jsonnet title="build/a.jsonnet"\n{}\n```\n```sh\npip install \\\n  .\n```\n'
        "```bash\nexport NAME=value\ncat build/a.jsonnet\n```\n\nIt prints\n\n```json\n{}\n```\n"
        '```bash\nprintf "0\\r$NAME"\n```\n```text\nvalue\n```\n'
        "```python\nprint(1)\n```\n```text\n1\n```",
        tmp_path,
    )


@pytest.mark.parametrize(
    "document, error",
    [
        ("```bash\necho a\n```\n```text\nb\n```", "line 4: printed is"),
        ("```python\nprint(1)\n```\n```json\n2\n```", "line 4: printed is"),
        ("```bash\nfalse\ntrue\n```", "status 1"),
        ("- In a list:\n\n  ```bash\n  false | true\n  ```", "status 1"),
        ("```python\nraise SystemExit(3)\n```", "status 3"),
        ("```text\na\n```", "line 1: output without a command"),
        ("```\nls\n```", "line 1: a block that is neither"),
        ("```sh\npip install .\nls\n```", "line 1: more than installation"),
    ],
)
def test_what_fails(document: str, error: str, tmp_path: Path):
    with pytest.raises(AssertionError, match=error):
        check(document, tmp_path)
