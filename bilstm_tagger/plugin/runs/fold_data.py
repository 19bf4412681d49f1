"""The data that the runs of a cross-validation are made of: whether they are still the same.

Every model is trained on all folds but one. A change of any sentence makes nearly all of them
outdated, whichever fold it is in.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger.plugin.runs.jobs import folder_of_runs
from bilstm_tagger.text.brat import brat_texts
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.files import write_text

# In the folder of a cross-validation: file to SHA-256 of its content.
DATA = "data.json"


class Source(NamedTuple):
    """A file, or a folder, that trainings read."""

    name: str  # as the config names it
    path: str  # on this machine
    form: str = ""  # of a data file


def check_data(folder: Path, sources: Iterable[Source]) -> None:
    """Keeps the digests of the data in the folder of a cross-validation without runs.

    # Errors

    `UserError` where there are runs, and the data were others when they were made.
    """
    digests = dict(_digests(sources))
    if not any(run.is_dir() for run in folder.glob("fold-*/seed-*")):
        text = json.dumps(digests, indent=1, ensure_ascii=False)
        write_text(folder_of_runs(str(folder)) / DATA, text + "\n")
        return
    fix = f"remove {folder}, or give another -s or --name"
    theirs = None
    with contextlib.suppress(OSError, ValueError):
        theirs = json.loads((folder / DATA).read_text(encoding="utf-8"))
    if not isinstance(theirs, dict):
        raise UserError(f"{folder} has runs, and no {DATA} that says of which data they are: {fix}")
    for name in sorted(digests.keys() | theirs.keys()):
        if digests.get(name) != theirs.get(name):
            raise UserError(
                f"the data were others when the runs in {folder} were made: {name} has changed; "
                + fix
            )


def _digests(sources: Iterable[Source]) -> Iterator[tuple[str, str]]:
    """File to digest."""
    for source in sources:
        path = Path(source.path)
        for file in _files_of(path, source.form):
            name = source.name
            if file != path:
                name = os.path.normpath(os.path.join(name, os.path.relpath(file, path)))
            with file.open("rb") as content:
                yield name, hashlib.file_digest(content, "sha256").hexdigest()


def _files_of(path: Path, form: str) -> list[Path]:
    if form == "brat":
        texts = brat_texts(path)
        return [*texts, *filter(Path.exists, (text.with_suffix(".ann") for text in texts))]
    if not path.is_dir():
        return [path]
    # A Hugging Face data set. Its library keeps there what it computes of it, too.
    files = filter(Path.is_file, path.rglob("*"))
    return [file for file in files if not file.name.startswith((".", "cache-"))]
