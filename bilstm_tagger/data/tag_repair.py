"""Repair of predicted tags that their encoding does not permit."""

from collections.abc import Sequence

from bilstm_tagger.data.encodings import Span, get_encoding

REPAIRS = ("O", "B")

# What the prefixes of IOBES and BILOU are in BIO.
_IN_BIO = {"B": "B", "S": "B", "U": "B", "W": "B", "I": "I", "E": "I", "L": "I", "M": "I"}


def repaired_spans(tags: Sequence[str], repair: str) -> list[Span]:
    """The spans of tags after a repair, as Reimers and Gurevych (2017) score them: tags are read as
    BIO, and one that continues a chunk where none of its type is open becomes `O` or starts one.

    # Parameters

    tags : `Sequence[str]`
        Tags in BIO, IOBES or BILOU.
    repair : `str`
        What becomes of such a tag: "O" or "B".

    # Errors

    `ValueError` for another repair, or for a tag of no encoding.
    """
    if repair not in REPAIRS:
        raise ValueError(f"repair must be one of {', '.join(REPAIRS)}, found {repair!r}")
    valid: list[str] = []
    open_label = ""
    for tag in tags:
        prefix, _, label = tag.partition("-")
        if tag != "O" and (prefix not in _IN_BIO or not label):
            raise ValueError(f"{tag!r} is neither 'O' nor '<prefix>-<type>'")
        letter = "O" if tag == "O" else _IN_BIO[prefix]
        if letter == "I" and label != open_label:
            letter = repair
        open_label = "" if letter == "O" else label
        valid.append("O" if letter == "O" else f"{letter}-{label}")
    return get_encoding("BIO").spans(valid)
