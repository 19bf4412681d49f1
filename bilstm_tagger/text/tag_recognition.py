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
    read = {tag: spelling.read(tag) for tag in tags}
    letters = {split_tag(tag)[0] for tag in read.values()}
    candidates = [name for letter, name in _BY_LETTER.items() if letter in letters][:1]
    if spelling.prefix == "none":
        candidates = ["IO"]

    def invalid_sentences(name: str) -> int:
        encoding = get_encoding(name)
        faults = (encoding.first_violation([read[tag] for tag in tags]) for tags in sentences)
        return sum(fault is not None for fault in faults)

    return RecognisedTags(min(candidates or ["BIO", "IOB1"], key=invalid_sentences), spelling)
