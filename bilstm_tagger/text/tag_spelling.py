"""How tags are spelled in files: `B-PER`, `B_PER`, `PER-B`, `b-per`, `PER`, or `B`."""

from collections.abc import Collection, Iterable
from typing import Literal, Optional

import msgspec

from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.spans import CONLLEVAL_LETTERS

# The separators that are recognised, the usual one first.
_SEPARATORS = ("-", "_", ".", ":", "/", "|", "#")
_OUTSIDE = ("O", "o", "0", "_", "OTHER", "OUT")
# The type of spans that the files give none.
_UNTYPED = "SPAN"


class TagSpelling(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How the tags of a column are spelled. In the program they are `O` and `B-PER`: the prefix in
    upper case, a dash, the type. A `UserError` for settings that do not go together.
    """

    separator: str = "-"  # between prefix and type
    # Where the prefix is: before the type, behind it, or nowhere ("none", for the encoding IO).
    prefix: Literal["first", "last", "none"] = "first"
    lower_case: bool = False  # whether prefixes are in lower case
    outside: str = "O"  # the tag of tokens outside of spans
    # The type of the spans of tags that are prefixes alone. `None`: tags have types.
    untyped: Optional[str] = None

    def __post_init__(self) -> None:
        if not self.separator or not self.outside or self.untyped == "":
            raise UserError("'spelling': separator, outside and untyped cannot be empty strings")
        if self.untyped is not None and self.prefix == "none":
            raise UserError("'spelling': tags with neither prefix nor type; drop one of the two")

    def read(self, tag: str) -> str:
        """A tag of a file, as it is in the program. Raises `ValueError` for a tag that is not
        spelled so."""
        if tag == self.outside:
            return "O"
        if self.prefix == "none":
            return f"I-{tag}"
        if self.untyped is not None:
            prefix, separator, label = tag, self.separator, self.untyped
        elif self.prefix == "first":
            prefix, separator, label = tag.partition(self.separator)
        else:
            label, separator, prefix = tag.rpartition(self.separator)
        letter = prefix.upper() if self.lower_case else prefix
        if not (label and separator) or prefix != self._written(letter):
            raise ValueError(
                f"{tag!r} is neither {self.outside!r} nor a tag such as {self._example}"
            )
        return f"{letter}-{label}"

    def write(self, tag: str) -> str:
        """A tag of the program, as it is in files."""
        if tag == "O":
            return self.outside
        letter, _, label = tag.partition("-")
        if self.prefix == "none":
            return label
        prefix = self._written(letter)
        if self.untyped is not None:
            return prefix
        parts = (prefix, label) if self.prefix == "first" else (label, prefix)
        return self.separator.join(parts)

    def _written(self, letter: str) -> str:
        return letter.lower() if self.lower_case else letter

    @property
    def _example(self) -> str:
        return repr(self.write("B-X"))


USUAL = TagSpelling()


def spelled(tags: Iterable[str], spelling: Optional[TagSpelling]) -> list[str]:
    """The tags of the program, as they are in files; `None`: no other than the usual spelling."""
    return list(tags) if spelling is None else list(map(spelling.write, tags))


def recognised_spelling(tags: Collection[str]) -> Optional[TagSpelling]:
    """The spelling of the different tags of a column; `None` where they are no tags of spans, but
    plain labels. Tags that are types alone are recognised by their `O`."""
    tags = set(tags)
    for outside in ("O", *(mark for mark in _OUTSIDE[1:] if mark in tags)):
        inside = tags - {outside}
        if not inside:
            # A column of `0` or `_` alone can be anything.
            return TagSpelling(outside=outside) if outside in _OUTSIDE[:2] else None
        for lower_case in (False, True):
            letters = {x.lower() if lower_case else x for x in CONLLEVAL_LETTERS}
            if inside <= letters and outside in tags:
                return TagSpelling(lower_case=lower_case, outside=outside, untyped=_UNTYPED)
            for separator in _SEPARATORS:
                if all(_prefix(tag, separator, True) in letters for tag in inside):
                    return TagSpelling(separator, "first", lower_case, outside)
                if all(_prefix(tag, separator, False) in letters for tag in inside):
                    return TagSpelling(separator, "last", lower_case, outside)
    for outside in _OUTSIDE[:3]:
        # Not marks such as 0 and 1.
        if outside in tags and all(tag[0].isalpha() for tag in tags - {outside}):
            return TagSpelling(prefix="none", outside=outside)
    return None


def _prefix(tag: str, separator: str, first: bool) -> Optional[str]:
    """The part before the first, or behind the last, separator; `None` where the other is empty."""
    prefix, _, label = tag.partition(separator) if first else tag.rpartition(separator)[::-1]
    return prefix if label else None


def spelling_settings(spelling: TagSpelling) -> str:
    """The settings that differ from the usual ones, as in a config."""
    usual = msgspec.structs.asdict(USUAL)
    settings = msgspec.structs.asdict(spelling).items()
    return "{" + ", ".join(_setting(k, v) for k, v in settings if v != usual[k]) + "}"


def _setting(key: str, value: object) -> str:
    return f"{key}: {str(value).lower() if isinstance(value, bool) else repr(value)}"
