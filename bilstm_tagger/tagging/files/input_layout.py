"""The layout of an input: where tokens and features stand."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Optional

import msgspec

from bilstm_tagger.text.column_format import TOKENS
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.file_recognition import RecognisedFile, token_name
from bilstm_tagger.text.json_values import parse_json

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Tagger

OPTION = "--layout"
# Of input forms that are not called so in a layout.
_FORMS = {"conll": "columns", "conllu": "columns"}
# Of objects, where the training had files of another form.
_KEYS = {"json": "tokens", "brat": "text", "spacy": "tokens", "parquet": "tokens"}


def parse_layout(text: str) -> DatasetLayout:
    """The layout that a user declares, as JSON. A `UserError` for what is none."""
    try:
        value = parse_json(text)
        if isinstance(value, dict):
            value.setdefault("columns", {})
            for key in ("type", "token_indexers"):  # of a whole dataset reader
                value.pop(key, None)
        return msgspec.convert(value, DatasetLayout)
    except (ValueError, msgspec.ValidationError) as error:
        raise UserError(
            f"{OPTION}: {error}; expected JSON with keys of the dataset reader, as in {OPTION} "
            '\'{"columns": {"tokens": 0}}\''
        ) from None


def _has_header(layout: DatasetLayout, features: Sequence[str], recognised: RecognisedFile) -> bool:
    """Whether the first line of an input names the columns of a layout, whatever their names."""
    columns = layout.column_format(features)
    try:
        names = columns.split(recognised.first_line)
    except ValueError:
        return False
    return {*columns.columns.values()} <= {name.strip() for name in names}


def input_layout(
    form: str,
    tagger: "Tagger",
    declared: Optional[str] = None,
    recognised: Optional[RecognisedFile] = None,
) -> DatasetLayout:
    """The layout of an input: the one that is declared; that of the training, if it is of this
    form; that which the header of the input, or the form, makes plain.

    # Errors

    `UserError` where it is not known, with the option that says it.
    """
    features = tagger.specification.feature_columns
    if declared is not None:
        layout = parse_layout(declared)
        layout.check_columns(features, "the inputs of the model")
        return layout
    own = tagger.layout
    settings = {} if recognised is None else recognised.settings
    names = [] if recognised is None else list(recognised.names)
    is_table = form == "conll" and bool(names)
    fits = own.form == _FORMS.get(form, form)
    if fits and own.form == "columns":
        is_conllu = form == "conllu" or recognised is None or bool(settings.get("conllu"))
        if own.column_format().has_header:
            fits = recognised is None or is_table or _has_header(own, features, recognised)
        else:
            # Cells of a spreadsheet would be one token.
            fits = not is_table and ("quoted" not in settings or own.quoted)
        fits = fits and (is_conllu if own.conllu else form == "conll")
    if fits:
        several = sorted(tagger.specification.datasets)
        if tagger.dataset is not None or len(several) == 1:
            return own
        if features:
            raise UserError(
                f"the model was trained on several data sets ({', '.join(several)}): say which "
                f"layout the file has, as in --dataset {several[0]}, or where tokens and features "
                f'are, as in --layout \'{{"columns": {{"tokens": 0, "{features[0]}": 1}}}}\''
            )
        # Tokens alone are read: what the file looks like says more than any of these layouts.
    columns: dict[str, Any] = {name: name for name in features}
    if is_table:
        token = token_name(names)
        missing = [name for name in features if name not in names]
        if token is None or missing:
            raise UserError(
                f"the header of the input, {names}, does not say where "
                f"{missing[0] if missing else 'the tokens'} is; say it, as in --layout "
                '\'{"columns": {"tokens": "word"}, "delimiter": ","}\''
            )
        return DatasetLayout({TOKENS: token, **columns}, **settings)
    if form in _KEYS:
        return DatasetLayout({TOKENS: _KEYS[form], **columns}, form=form)  # type: ignore[arg-type]
    if features:
        raise UserError(
            f"the model was trained with the columns {features} as features, and on files of "
            f"another form: say where they are, as in --layout "
            f'\'{{"columns": {{"tokens": 0, "{features[0]}": 1}}}}\''
        )
    if form == "lines":
        return DatasetLayout({TOKENS: 0}, form="lines", delimiter=settings.get("delimiter", "|"))
    if form == "conll":
        return msgspec.convert({"columns": {TOKENS: 0}, **settings}, DatasetLayout)
    is_conllu = form == "conllu"
    return DatasetLayout({TOKENS: int(is_conllu)}, conllu=is_conllu)
