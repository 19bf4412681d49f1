"""The layout that the content of a file suggests: its columns and tasks."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple, Optional

from bilstm_tagger.text.candidate_columns import (
    CandidateColumns,
    are_numbers,
    candidate_columns,
    token_lines,
)
from bilstm_tagger.text.column_format import BLANKS, TOKENS, ColumnFormat, Place, split_blanks
from bilstm_tagger.text.columns import Sentence
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.file_recognition import (
    HEAD_LINES,
    RecognisedFile,
    recognise_lines,
    recognise_path,
    token_name,
)
from bilstm_tagger.text.lines import read_lines
from bilstm_tagger.text.possible_labels import InvalidTag, PartialLabels
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.rows import separator_of_cells
from bilstm_tagger.text.soft_labels import soft_labels
from bilstm_tagger.text.tag_recognition import RecognisedTags, recognise_tags
from bilstm_tagger.text.tag_spelling import TagSpelling, recognised_spelling
from bilstm_tagger.text.task_column import TaskColumn

# The encoding that models learn.
LEARNT = "IOBES"
# Where more lines than this share have as many columns, the others are faulty.
_REGULAR = 0.75
# So many sentences are looked at to recognise columns.
_SAMPLE = 10_000
_CHUNK_TYPES = frozenset(("NP", "VP", "PP"))
# Words, unlike labels, have many values, also in relation to tokens, or are often the token itself.
_MOST_LABELS = 500
_PER_TOKEN = 0.3
_LIKE_TOKEN = 0.2
_NOTHING = {"-", "_"}
_OUTSIDE = ("O", "o", "0")


class ProposedLayout(NamedTuple):
    """The layout of a file, and where it comes from."""

    recognised: RecognisedFile
    layout: DatasetLayout
    offset_spans: frozenset[str] = frozenset()  # tasks whose spans are by character offsets
    left_out: Sequence[str] = ()  # columns that are no tasks, and why, in words


def propose_layout(path: PathLike) -> ProposedLayout:
    """Recognises the form of a file by its content, then its columns, tasks and encodings.

    # Errors

    `DataFormatError` for a file that cannot be read, and for one without labels.
    """
    recognised = recognise_path(path)
    head: list[str] = []
    if recognised is None:
        head = [line for _, line in islice(read_lines(path), HEAD_LINES)]
        recognised = _by_tabs(recognise_lines(head), head)
        _check_widths(path, head, recognised)
    in_another_language = recognised.form == "columns" and recognised.names
    if recognised.form == "text" or (in_another_language and token_name(recognised.names) is None):
        raise DataFormatError(
            path,
            None,
            f"expected labelled tokens or spans, found {recognised.evidence}{_cells_of(head)}; if "
            "the file has labels, give its layout",
        )
    candidates = candidate_columns(path, recognised, head)
    known = dict.fromkeys(candidates.spans, _spans_task())
    known |= dict.fromkeys(candidates.gaps, TaskColumn(partial=True))
    known |= dict.fromkeys(candidates.soft, TaskColumn(probabilities=True))
    layout = _layout(recognised, candidates.columns, known)
    sentences = islice(read_dataset(path, layout, report_misfit=lambda _: None), _SAMPLE)
    columns, tasks, left_out = _tasks(list(sentences), candidates)
    if not tasks:
        reasons = "".join(f"; {reason}" for reason in [*candidates.left_out, *left_out][:3])
        reasons += _cells_of(head)
        raise DataFormatError(
            path,
            None,
            f"expected labels, found none in {recognised.evidence}{reasons}; if the file has "
            "labels, give its layout",
        )
    proposed = _layout(recognised, columns, tasks)
    left_out = [*candidates.left_out, *left_out]
    return ProposedLayout(recognised, proposed, candidates.spans, left_out)


def _cells_of(head: Sequence[str]) -> str:
    """What to do with the first lines of a spreadsheet whose header is in another language."""
    filled = [line for line in head if line.strip(BLANKS)]
    separator = separator_of_cells(filled)
    if separator is None:
        return ""
    by_column = '"sentence_column": NAME, ' * (len(filled) == len(head))
    return (
        f", which look like cells separated by {separator!r}; the names in the first line, "
        f"{filled[0][:80]!r}, do not say which column has the tokens: say it in the layout, as in "
        f'{{"columns": {{"tokens": NAME, "ner": NAME}}, "delimiter": "{separator}", "quoted": '
        f'true, {by_column}"tasks": {{"ner": {{"encoding": "BIO"}}}}}}'
    )


def _by_tabs(recognised: RecognisedFile, head: Sequence[str]) -> RecognisedFile:
    """The same with tabs as delimiter, where these split the lines as tabs and spaces do: then a
    later token may be a space, or hold one."""
    settings = recognised.settings
    if (
        recognised.form != "columns"
        or recognised.names
        or settings.keys() & {"delimiter", "conllu"}
    ):
        return recognised
    rows = token_lines(recognised, head)
    if recognised.width > 1 and all(row.split("\t") == split_blanks(row) for row in rows):
        return recognised._replace(settings={**settings, "delimiter": "\t"})
    return recognised


def _check_widths(path: PathLike, head: Sequence[str], recognised: RecognisedFile) -> None:
    """Raises `DataFormatError` where a few lines hide that the others are columns, or one of
    these."""
    if recognised.form not in ("columns", "text") or recognised.names:
        return
    for delimiter in (None, "\t"):
        split = ColumnFormat({TOKENS: 0}, delimiter).split
        # Lines that may be comments say nothing.
        widths = {
            number: len(split(line))
            for number, line in enumerate(head)
            if line.strip(BLANKS) and not line.startswith("#")
        }
        ((most, count),) = Counter(widths.values()).most_common(1) or [(0, 0)]
        odd = [number for number, width in widths.items() if width != most]
        if not odd or count <= _REGULAR * len(widths) or recognised.width >= most:
            continue
        regular = recognise_lines([line for i, line in enumerate(head) if i not in odd])
        if regular.form == "columns" and regular.sure and regular.width == most:
            line = head[odd[0]]
            raise DataFormatError(
                path,
                odd[0] + 1,
                f"expected {most} columns as in most lines, found {widths[odd[0]]}: {line[:80]!r}; "
                "fix the line, or give the layout",
            )


def _layout(
    recognised: RecognisedFile, columns: dict[str, Place], tasks: dict[str, TaskColumn]
) -> DatasetLayout:
    return DatasetLayout(columns, tasks, recognised.form, **recognised.settings)  # type: ignore[arg-type]


def _spans_task() -> TaskColumn:
    return TaskColumn(encoding="BIO", model_encoding=LEARNT)


# Tasks


def _tasks(
    sentences: Sequence[Sentence], candidates: CandidateColumns
) -> tuple[dict[str, Place], dict[str, TaskColumn], list[str]]:
    """The columns that hold labels, under their final names, their tasks, and why others do not."""
    columns: dict[str, Place] = {TOKENS: candidates.columns[TOKENS]}
    tasks: dict[str, TaskColumn] = {}
    left_out = []
    for name, place in candidates.columns.items():
        if name == TOKENS:
            continue
        if name in candidates.spans:
            columns[name], tasks[name] = place, _spans_task()
            continue
        cells = [sentence.columns[name] for sentence in sentences]
        if name in candidates.soft:
            tags = recognise_tags([_most_probable(sentence, name) for sentence in sentences])
            encoding = None if tags is None else tags.encoding
            columns[name], tasks[name] = place, TaskColumn(encoding, probabilities=True)
            continue
        tags = _recognise_most(cells)
        problem = None if tags is not None else _no_labels(sentences, cells)
        if problem is not None:
            left_out.append(f"column {place!r} {problem}")
            continue
        if name == f"column{place}":
            name = _name_by_content(cells, tags, columns) or name
        columns[name] = place
        if tags is None:
            tasks[name] = TaskColumn(partial=name in candidates.gaps)
        else:
            partial = _has_gaps(cells, tags)
            tasks[name] = TaskColumn(tags.encoding, LEARNT, spelling=tags.spelling, partial=partial)
    return columns, tasks, left_out


def _most_probable(sentence: Sentence, column: str) -> list[str]:
    """The most probable label of each token. `DataFormatError` for probabilities that are none."""
    try:
        return [str(label.certain) for label in soft_labels(sentence.columns[column], None)]
    except InvalidTag as error:
        line = sentence.line_numbers[error.index] or None
        raise DataFormatError(sentence.path, line, f"column {column!r}: {error.message}") from None


def _recognise_most(cells: Sequence[Sequence[str]]) -> Optional[RecognisedTags]:
    """As `recognise_tags`; where a few tags are spelled in another way, by the others."""
    tags = recognise_tags(cells)
    if tags is not None and tags.spelling.prefix != "none":
        return tags
    counts = Counter(tag for sentence in cells for tag in sentence if tag not in _OUTSIDE)
    shapes: Counter[Optional[TagSpelling]] = Counter()
    spellings = {tag: recognised_spelling([tag]) for tag in counts}
    for tag, count in counts.items():
        shapes[spellings[tag]] += count
    (most, _), *others = shapes.most_common() or [(None, 0)]
    if most is None or not others:
        return tags
    regular = [
        sentence
        for sentence in cells
        if all(tag in _OUTSIDE or spellings[tag] == most for tag in sentence)
    ]
    return recognise_tags(regular) or tags


def _has_gaps(cells: Sequence[Sequence[str]], tags: RecognisedTags) -> bool:
    """Whether some tokens have no tag, or several possible ones, and the spans can be read
    nevertheless."""
    if not get_encoding(tags.encoding).marks_starts:
        return False
    partial = PartialLabels()

    def is_read(cell: str) -> bool:
        try:
            return all(tags.spelling.read(tag) for tag in partial.alternatives(cell) or ())
        except ValueError:
            return False

    others = {cell for sentence in cells for cell in sentence} - {tags.spelling.outside}
    return any(partial.is_gap(cell) and is_read(cell) for cell in others)


def _no_labels(sentences: Sequence[Sentence], cells: Sequence[Sequence[str]]) -> Optional[str]:
    """Why plain values cannot be labels of tokens; `None` where they can."""
    values = {value for sentence in cells for value in sentence}
    if len(values) == 1 or len(values - _NOTHING) == 1:
        return f"has one value only, {next(iter(values - _NOTHING or values))!r}"
    if are_numbers(list(values)):
        return "holds numbers"
    longer = [sentence for sentence in cells if len(sentence) > 1]
    if longer and all(len(set(sentence)) == 1 for sentence in longer):
        return "is the same for all tokens of a sentence"
    pairs = {
        (token.lower(), value.lower())
        for sentence, own in zip(sentences, cells, strict=True)
        for token, value in zip(sentence.tokens, own, strict=True)
        if token.isalpha()
    }
    like_token = sum(token == value for token, value in pairs)
    tokens = {token for sentence in sentences for token in sentence.tokens}
    many = len(values) > max(_MOST_LABELS, _PER_TOKEN * len(tokens))
    if many or like_token > _LIKE_TOKEN * len(pairs):
        return f"has {len(values):,} different values, words rather than labels"
    return None


def _name_by_content(
    cells: Sequence[Sequence[str]], tags: Optional[RecognisedTags], taken: dict[str, Place]
) -> Optional[str]:
    """`pos`, `chunk` or `ner`, unless there is one."""
    name = "pos"
    if tags is not None:
        values = {tag for sentence in cells for tag in sentence}
        name = "chunk" if any(tag[2:] in _CHUNK_TYPES for tag in values) else "ner"
    return None if name in taken else name
