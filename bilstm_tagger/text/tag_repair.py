"""Repair of predicted tags that their encoding does not permit."""

from collections.abc import Sequence

from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.spans import CONLLEVAL_LETTERS, Span, split_tag

REPAIRS = ("O", "B")

# What the prefixes of IOBES and BILOU are in BIO.
_IN_BIO = {
    prefix: "B" if letter in ("B", "S") else "I" for prefix, letter in CONLLEVAL_LETTERS.items()
}


def repaired_spans(tags: Sequence[str], repair: str) -> list[Span]:
    """The spans of tags after a repair, as Reimers and Gurevych (2017) score them: tags are read as
    BIO, and one that continues a chunk where none of its type is open becomes `O` or starts one,
    as the repair says: "O" or "B". The tags are in BIO, IOBES or BILOU.

    # Errors

    `ValueError` for another repair, or for a tag of no encoding.
    """
    if repair not in REPAIRS:
        raise ValueError(f"repair must be one of {', '.join(REPAIRS)}, found {repair!r}")
    valid: list[str] = []
    open_label = ""
    for tag in tags:
        prefix, label = split_tag(tag)
        if label and prefix not in _IN_BIO:
            raise ValueError(f"{tag!r} is neither 'O' nor '<prefix>-<type>'")
        letter = _IN_BIO[prefix] if label else "O"
        if letter == "I" and label != open_label:
            letter = repair
        open_label = "" if letter == "O" else label
        valid.append("O" if letter == "O" else f"{letter}-{label}")
    return get_encoding("BIO").spans(valid)
