"""Which encoding and spelling the tags of a column have."""

from collections.abc import Sequence
from typing import NamedTuple, Optional

from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.spans import split_tag
from bilstm_tagger.text.tag_spelling import TagSpelling, recognised_spelling


class RecognisedTags(NamedTuple):
    """How the tags of spans in a column are written."""

    encoding: str
    spelling: TagSpelling
    # Of each sentence whose tags the encoding does not permit: its number from 0, the number of
    # the token, and what is wrong.
    faults: list[tuple[int, int, str]]


# The letters of an encoding that no encoding before it has, and its other candidates.
_BY_LETTER = {"W": "BMEWO", "M": "BMES", "L": "BILOU", "U": "BILOU", "E": "IOBES", "S": "IOBES"}


def recognise_tags(sentences: Sequence[Sequence[str]]) -> Optional[RecognisedTags]:
    """The encoding and spelling of the tags of sentences; `None` where they are plain labels, such
    as parts of speech. Of several encodings with these letters, the one that permits most
    sentences."""
    tags = {tag for sentence in sentences for tag in sentence}
    spelling = recognised_spelling(tags)
    if spelling is None:
        return None
    letters = {split_tag(spelling.read(tag))[0] for tag in tags}
    candidates = [name for letter, name in _BY_LETTER.items() if letter in letters][:1]
    if spelling.prefix == "none":
        candidates = ["IO"]
    candidates = candidates or ["BIO", "IOB1"]
    read = {tag: spelling.read(tag) for tag in tags}
    results = []
    for name in candidates:
        encoding = get_encoding(name)
        violations = (
            (number, encoding.first_violation([read[tag] for tag in sentence]))
            for number, sentence in enumerate(sentences)
        )
        faults = [(number, fault.index, fault.message) for number, fault in violations if fault]
        results.append(RecognisedTags(name, spelling, faults))
    return min(results, key=lambda result: len(result.faults))
