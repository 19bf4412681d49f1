"""The columns of a file that may hold labels, by its form."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, Optional

from bilstm_tagger.text.character_spans import CharacterSpan, parse_span
from bilstm_tagger.text.column_format import BLANKS, MISC, TOKENS, ColumnFormat, Place
from bilstm_tagger.text.docbin import ENTITY_TAGS
from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.file_recognition import RecognisedFile, token_name
from bilstm_tagger.text.object_files import read_items
from bilstm_tagger.text.objects import MISSING
from bilstm_tagger.text.rows import DIVIDER
from bilstm_tagger.text.soft_labels import are_probabilities

# The columns of CoNLL-U that are proposed.
_CONLLU = {"upos": 3, "xpos": 4}
_MISC_INDEX = 9
_SAMPLE_ITEMS = 300
# Tags of spans, in the spellings that are recognised.
_TAG_LIKE = re.compile(r"[BIESLUMW][-_.:/|#].+|.+[-_.:/|#][BIESLUMW]|O|0|o", re.IGNORECASE)
_NUMBER = re.compile(r"-?[0-9]*[.]?[0-9]+(e-?[0-9]+)?")


class CandidateColumns(NamedTuple):
    """Columns whose content is yet to be looked at."""

    columns: dict[str, Place]  # with the tokens
    spans: frozenset[str]  # those that hold spans by character offsets
    left_out: list[str]  # columns that cannot hold labels, and why, in words
    gaps: frozenset[str] = frozenset()  # those of objects in which labels are missing
    soft: frozenset[str] = frozenset()  # those in which labels have probabilities


def candidate_columns(
    path: PathLike, recognised: RecognisedFile, head: Sequence[str]
) -> CandidateColumns:
    """The columns of a file of a recognised form, with these first lines if it has lines."""
    if recognised.form == "lines":
        columns: dict[str, Place] = {TOKENS: 0}
        columns.update({f"column{i}": i for i in range(1, recognised.width)})
        return CandidateColumns(columns, frozenset(), [])
    if recognised.form != "columns":
        return _keys(path, recognised.form)
    if recognised.settings.get("conllu"):
        return _conllu_columns(head)
    return (_named_columns if recognised.names else _columns)(path, recognised, head)


def _conllu_columns(head: Sequence[str]) -> CandidateColumns:
    rows = [line.split("\t") for line in head]
    words = [row for row in rows if row[0].isdigit()]
    columns: dict[str, Place] = {TOKENS: 1}
    columns.update({k: i for k, i in _CONLLU.items() if any(row[i] != "_" for row in words)})
    entries = [row[_MISC_INDEX].split("|") for row in words]
    names = [{entry.partition("=")[0] for entry in own if "=" in entry} for own in entries]
    for name in sorted(set.intersection(*names)) if names else ():
        columns[_identifier(name, columns)] = f"{MISC}{name}"
    return CandidateColumns(columns, frozenset(), [])


def _columns(path: PathLike, recognised: RecognisedFile, head: Sequence[str]) -> CandidateColumns:
    table = ColumnFormat({TOKENS: 0}, recognised.settings.get("delimiter"))
    rows = [row for row in map(table.split, token_lines(recognised, head)) if row[0] != DIVIDER]
    columns = [[row[i] for row in rows] for i in range(recognised.width)]
    # Neither numbers of tokens nor tags.
    indices = range(recognised.width)
    tokens = next((i for i in indices if not (are_numbers(columns[i]) or _are_tags(columns[i]))), 0)
    if recognised.width > 2 and all(map(_are_decimals, columns[1:])):
        raise DataFormatError(
            path, None, "expected labelled tokens, found what looks like word vectors"
        )
    candidates: dict[str, Place] = {TOKENS: tokens}
    left_out = []
    for index, cells in enumerate(columns):
        if index < tokens and are_numbers(cells):
            left_out.append(f"column {index} counts tokens")
        elif not all(cells):
            left_out.append(f"column {index} has empty cells")
        elif index > tokens and _are_decimals(cells):
            left_out.append(f"column {index} holds decimal numbers")
        elif index != tokens:
            candidates[f"column{index}"] = index
    return CandidateColumns(candidates, frozenset(), left_out)


def token_lines(recognised: RecognisedFile, head: Sequence[str]) -> list[str]:
    """The lines that are neither blank nor comments."""
    comment = recognised.settings.get("comment_prefix")
    filled = (line for line in head if line.strip(BLANKS))
    return [line for line in filled if comment is None or not line.startswith(comment)]


def are_numbers(cells: Sequence[str]) -> bool:
    """Whether these are numbers, of which labels have few."""
    return all(map(str.isdigit, cells)) and len(set(cells)) > 2


def _are_decimals(cells: Sequence[str]) -> bool:
    return all(map(_NUMBER.fullmatch, cells)) and any("." in cell for cell in cells)


def _are_tags(cells: Sequence[str]) -> bool:
    return all(map(_TAG_LIKE.fullmatch, cells)) and len(set(cells)) > 1


def _named_columns(
    path: PathLike, recognised: RecognisedFile, head: Sequence[str]
) -> CandidateColumns:
    names = list(recognised.names)
    tokens = token_name(names) or names[0]  # a header that is not in another language has one
    table = ColumnFormat(
        {TOKENS: tokens},
        recognised.settings["delimiter"],
        quoted=recognised.settings.get("quoted", False),
    )
    rows = []
    for number, line in enumerate(head[1:], start=2):
        try:
            rows.append(table.split(line))
        except ValueError as error:
            raise DataFormatError(path, number, str(error)) from None
    rows = [row for row in rows if any(row)]
    columns: dict[str, Place] = {TOKENS: tokens}
    left_out = []
    for index, name in enumerate(names):
        if name in (tokens, recognised.settings.get("sentence_column")):
            continue
        if any(row[index : index + 1] in ([], [""]) for row in rows):
            left_out.append(f"column {name!r} has empty cells")
            continue
        columns[_identifier(name, columns)] = name
    return CandidateColumns(columns, frozenset(), left_out)


def _identifier(name: str, taken: dict[str, Any]) -> str:
    """A name as of the keys of configs and metrics."""
    plain = re.sub(r"\W+", "_", name).strip("_") or "column"
    while plain in taken:
        plain += "_"
    return plain


# The keys of objects


def _keys(path: PathLike, form: str) -> CandidateColumns:
    """The candidates among the keys of objects."""
    items = list(islice(read_items(path, form), _SAMPLE_ITEMS))
    odd = next((item for item in items if not isinstance(item.value, dict)), None)
    if odd is not None:
        raise odd.error(f"expected an object, found {odd.value!r:.80}")
    objects = [dict(_flat(item.value)) for item in items]
    keys = [key for key in objects[0] if all(key in value for value in objects)]
    if form == "spacy":
        keys.remove(ENTITY_TAGS)  # the same as `ents`
    values = {key: [value[key] for value in objects] for key in keys}
    spans = [key for key in keys if _are_spans(values[key])]
    tokens = _token_key(keys, values, bool(spans))
    if tokens is None:
        raise DataFormatError(
            path,
            items[0].line,
            f"expected a list of tokens, or text with spans, found the keys {sorted(objects[0])}; "
            "if the file has labels, give its layout",
        )
    columns: dict[str, Place] = {TOKENS: tokens}
    left_out = []
    gaps, soft = set(), set()
    lengths = list(map(len, values[tokens]))
    for key in keys:
        lists = all(isinstance(v, list) for v in values[key])
        labels = [label for v in values[key] for label in v] if lists else []
        known = [label for label in labels if label not in MISSING]
        first = next(iter(known), None)
        is_soft = any(map(are_probabilities, known))
        if key == tokens or key in spans or not (is_soft or isinstance(first, (str, int))):
            continue
        odd_lengths = [
            (item, len(labels), length)
            for item, labels, length in zip(items, values[key], lengths, strict=True)
            if len(labels) != length
        ]
        if odd_lengths:
            item, number, length = odd_lengths[0]
            left_out.append(
                f"{key!r} is no list of a label for each token: {item.name or f'line {item.line}'} "
                f"has {number} for {length} tokens"
            )
        elif isinstance(first, int):
            name = _identifier(key, {})
            task = '{"encoding": "BIO", "labels": ["O", "B-PER", ...]}'
            left_out.append(
                f"{key!r} holds integers: give the names that they stand for, in their order, as "
                f"tasks.{name}.labels of the layout: "
                f'{{"form": "{form}", "columns": {{"tokens": "{tokens}", "{name}": "{key}"}}, '
                f'"tasks": {{"{name}": {task}}}}}'
            )
        else:
            name = _identifier(key, columns)
            columns[name] = key
            if is_soft:
                soft.add(name)
            elif len(known) < len(labels):
                gaps.add(name)
    names = set()
    for index, key in enumerate(spans):
        name = _identifier("ner" if index == 0 else key, columns)
        columns[name] = key
        names.add(name)
    return CandidateColumns(columns, frozenset(names), left_out, frozenset(gaps), frozenset(soft))


def _flat(value: Any, prefix: str = "", depth: int = 4) -> Iterator[tuple[str, Any]]:
    """Keys, with dots, and values of an object and the objects in it."""
    children = value.items() if isinstance(value, dict) else enumerate(value[:1])
    for key, child in children:
        name = f"{prefix}{key}"
        yield name, child
        first = child[0] if isinstance(child, list) and child else None
        # The results of Label Studio stand in a list of one.
        nested = isinstance(child, dict) or (isinstance(first, dict) and "result" in first)
        if nested and depth:
            yield from _flat(child, f"{name}.", depth - 1)


def _are_spans(values: Sequence[Any]) -> bool:
    """Whether these are lists of spans, one of them at least with a span."""
    spans = [span for value in values if isinstance(value, list) for span in value]
    if not spans or not all(isinstance(value, list) for value in values):
        return False
    try:
        return all(isinstance(span, CharacterSpan) or parse_span(span) for span in spans)
    except ValueError:
        return False


def _token_key(keys: Sequence[str], values: dict[str, Any], spans: bool) -> Optional[str]:
    """The key of the tokens: with offsets, where there are spans, or else the text; or a list of
    strings."""
    name = token_name([key for key in keys if _are_tokens(values[key], dict if spans else str)])
    if name is None and not spans:
        name = next((key for key in keys if _are_tokens(values[key], str)), None)
    if name is not None:
        return name
    strings = [key for key in keys if all(isinstance(value, str) for value in values[key])]
    named = [key for key in strings if key.rpartition(".")[2] in ("text", "sentence", "content")]
    return next(iter(named), None) if spans else None


def _are_tokens(values: Sequence[Any], kind: type) -> bool:
    """Whether these are lists of tokens: strings, or objects with text and offsets."""
    if not all(isinstance(value, list) for value in values):
        return False
    items = [item for value in values for item in value]
    if kind is str:
        return bool(items) and all(isinstance(item, str) for item in items)
    needed = {"text", "start", "end"}
    return bool(items) and all(isinstance(item, dict) and needed <= set(item) for item in items)
