"""Reading of a file that goes on after spans that do not fit the tokens."""

from collections.abc import Callable, Iterator

import msgspec

from bilstm_tagger.text.column_format import TOKENS
from bilstm_tagger.text.columns import Sentence
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.object_files import read_items
from bilstm_tagger.text.objects import ObjectReader
from bilstm_tagger.text.read_dataset import read_dataset


def read_tolerantly(
    path: PathLike, layout: DatasetLayout, report: Callable[[DataFormatError], None]
) -> Iterator[Sentence]:
    """Yields the sentences of a file. The first span of an object that does not fit its tokens is
    reported, and the spans of the object are widened.

    # Errors

    `DataFormatError` for all else that is not as the layout says.
    """
    if layout.form in ("columns", "lines"):
        yield from read_dataset(path, layout)
        return
    names = [name for name in layout.columns if name != TOKENS]
    strict = ObjectReader(layout, names)
    wide = ObjectReader(msgspec.structs.replace(layout, invalid_spans="widen"), names)
    empty = True
    for item in read_items(path, layout.form):
        try:
            sentences = list(strict.sentences(item))
        except DataFormatError as error:
            sentences = list(wide.sentences(item))  # raises what is wrong in another way
            report(error)
        empty = empty and not sentences
        yield from sentences
    if empty:
        raise DataFormatError(path, None, "expected at least one sentence, found none")
