"""In which form an input is: as the user says, by its content, or by the ending of its name."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional, Union

from bilstm_tagger.tagging.files.block_reader import STDIN, Input
from bilstm_tagger.tagging.files.item_input import ItemInput
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.file_recognition import (
    RecognisedFile,
    recognise_lines,
    recognise_path,
)
from bilstm_tagger.text.packing import unpacked_name

COLUMN_FORMS = ("conll", "conllu")
# Files that are read as a whole, and written as such.
ITEM_FORMS = ("brat", "spacy", "parquet")
INPUT_FORMS = ("text", "sentences", "tokens", "lines", "json", *COLUMN_FORMS, *ITEM_FORMS)
OUTPUT_FORMS = ("json", "objects", "lines", *COLUMN_FORMS, *ITEM_FORMS)
_BY_ENDING = {
    ".conllu": "conllu",
    ".conll": "conll",
    ".iob": "conll",
    ".iob2": "conll",
    ".bio": "conll",
    ".tsv": "conll",
    ".csv": "conll",
    ".jsonl": "json",
    ".json": "json",
    ".ann": "brat",
    ".spacy": "spacy",
    ".parquet": "parquet",
}


@dataclass(frozen=True)
class OpenInput:
    """An input, and what it is. Use as a context."""

    input: Union[Input, ItemInput]
    form: str  # one of `INPUT_FORMS`
    recognised: RecognisedFile  # what its content looks like
    message: str = ""  # what a user should know of how it was recognised

    def __enter__(self) -> "OpenInput":
        return self

    def __exit__(self, *error: object) -> None:
        self.input.__exit__()


def output_form_for(input_form: str) -> str:
    """The form that goes with an input: that of the input itself, if it has a place for tags, else
    JSON."""
    return input_form if input_form in (*COLUMN_FORMS, "lines", *ITEM_FORMS) else "json"


def form_by_ending(path: str) -> Optional[str]:
    """The form that the ending of a name says, if any."""
    _, ending = os.path.splitext(unpacked_name(path.lower()))
    return _BY_ENDING.get(ending)


def open_input(
    path: str, form: Optional[str], declared: Optional[DatasetLayout] = None
) -> OpenInput:
    """Opens what is to be tagged, in a form or, with `None`, in that of the declared layout, or
    else in that which its content has; the ending of its name decides where the content does not.

    # Errors

    `DataFormatError` as of `Input`, and `UserError` where neither decides.
    """
    if form is None and declared is not None:
        columns = "conllu" if declared.conllu else "conll"
        form = columns if declared.form == "columns" else declared.form
    by_ending = form_by_ending(path)

    def message(name: str, by_content: str, evidence: str) -> str:
        if by_content == by_ending or os.path.isdir(path):
            return ""
        return f"{name} is read as {evidence}; --input-format chooses another form"

    whole = None if path == STDIN or form not in (None, *ITEM_FORMS) else recognise_path(path)
    if form is None and whole is not None:
        told = message(path, whole.form, whole.evidence)
        return OpenInput(ItemInput(path, whole.form), whole.form, whole, told)
    if form is not None and form in ITEM_FORMS:
        return OpenInput(ItemInput(path, form), form, whole or RecognisedFile(form, ""))
    opened = Input(path)
    recognised = recognise_lines(_decoded(opened.head))
    is_list = (
        form in (None, "json")
        and recognised.form == "json"
        and recognised.first_line.lstrip()[:1] == "["
    )
    if is_list and path != STDIN:
        opened.__exit__()
        told = message(path, "json", recognised.evidence) if form is None else ""
        return OpenInput(ItemInput(path, "json"), "json", recognised, told)
    if form is not None:
        return OpenInput(opened, form, recognised)
    by_content = recognised.form
    if by_content == "columns":
        by_content = "conllu" if recognised.settings.get("conllu") else "conll"
    if recognised.sure and by_content != "text":
        told = message(opened.name, by_content, recognised.evidence)
        return OpenInput(opened, by_content, recognised, told)
    if by_ending is not None and by_ending not in ITEM_FORMS:
        return OpenInput(opened, by_ending, recognised)
    if not recognised.sure:
        raise UserError(
            f"{opened.name} may be text, or have {recognised.evidence}: say which, --input-format "
            f"text or --input-format {by_content}"
        )
    return OpenInput(opened, "text", recognised)


def _decoded(head: Sequence[bytes]) -> list[str]:
    return [line.decode("utf-8", "replace").rstrip("\r\n").lstrip("\ufeff") for line in head]
