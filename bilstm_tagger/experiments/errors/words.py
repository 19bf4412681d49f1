"""Which words a model knows, and how often its training has them."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Optional

from bilstm_tagger.experiments.errors.groups import WordGroups
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.word_forms import known_form

if TYPE_CHECKING:
    from bilstm_tagger.tagging import Tagger
    from bilstm_tagger.text.dataset_layout import DatasetLayout


def words_of_training(files: Iterable[tuple[str, "DatasetLayout"]]) -> WordGroups:
    """By the number of times that files have a word, in this case.

    # Errors

    `DataFormatError` for a file that cannot be read in its layout.
    """
    counts: Counter[str] = Counter()
    for path, layout in files:
        for sentence in read_dataset(path, layout, names=()):
            counts.update(sentence.tokens)
    return WordGroups.of_training(counts)


def words_of_model(tagger: "Tagger") -> Optional[WordGroups]:
    """By whether the model has a vector for one of the forms of a word; `None` for a model without
    word vectors of its own."""
    inputs = tagger.source.inputs
    tables = [] if inputs is None else list(inputs.words.values())
    if not tables:
        return None

    def is_known(word: str) -> bool:
        forms = ((table, known_form(word, table.ids)) for table in tables)
        return any(
            form is not None and table.ids[form] != table.part.unknown for table, form in forms
        )

    return WordGroups.of_known(is_known)
