"""Tags of spans that are known in part."""

from collections.abc import Callable, Collection, Sequence
from typing import Literal, Optional, Union

from bilstm_tagger.text.encodings import Encoding
from bilstm_tagger.text.possible_labels import (
    InvalidTag,
    PartialLabels,
    Possible,
    consistent,
)
from bilstm_tagger.text.spans import CONLLEVAL_LETTERS, split_tag

# conlleval's letter of a tag, and its type, which is empty outside of spans.
Parsed = tuple[str, str]


class PartialTags:
    """Reads the tags of a column that are known in part, in the encoding of the model.

    # Parameters

    source, target : `Encoding`
        Of the file and of the model. The source has to mark where spans start, and both have to
        mark where they end if the source does; the target must not be IO or IOB1.
    parse : `Callable[[str], str]`
        A tag of the file to that of the program. Raises `ValueError`.
    types : `Dict[str, Optional[str]]`
        Types of the file to those of the model.
    partial : `PartialLabels`
    unannotated : `Union[Literal["all"], Collection[str]]`
        The types of the model of which the file does not mark all spans: what it has as outside of
        spans may belong to one of them.
    """

    def __init__(
        self,
        source: Encoding,
        target: Encoding,
        parse: Callable[[str], str],
        types: dict[str, Optional[str]],
        partial: PartialLabels,
        unannotated: Union[Literal["all"], Collection[str]],
    ) -> None:
        self._source = source
        self._target = target
        self._parse = parse
        self._types = types
        self._partial = partial
        unmarked = frozenset[str]() if unannotated == "all" else frozenset(unannotated)
        tags = frozenset(tag for label in unmarked for tag in target.tags_of(label))
        self._outside = Possible(frozenset(["O"]), None if unannotated == "all" else tags)

    def read(self, cells: Sequence[str], strict: bool = True) -> list[Possible]:
        """What the cells of a sentence say. Not strict: as little as their types.

        Raises `InvalidTag`.
        """
        tokens = []
        parsed = [self._parsed(index, cell) for index, cell in enumerate(cells)]
        ended: set[str] = set()
        for index, tags in enumerate(parsed):
            following = parsed[index + 1] if index + 1 < len(parsed) else []
            labels: set[str] = set()
            others = None if tags is None else frozenset[str]()
            excluded = self._continuing(ended)
            ended = set()
            for letter, label in tags or ():
                if not label:
                    labels.add("O")
                    others = self._outside.others
                    continue
                ends = self._ends(letter, label, following)
                if ends and strict:
                    ended.add(label)
                starts = letter in "BS"
                labels.update(self._tags(label, starts, ends) if strict else self._tags(label))
            tokens.append(Possible(frozenset(labels), others, excluded))
        return consistent(self._target, tokens)

    def widened(self, tags: Sequence[str]) -> list[Possible]:
        """What tags in the encoding of the model say, if spans are missing among them."""
        tokens = []
        ended = ""
        for tag in tags:
            label = split_tag(tag)[1]
            if label:
                tokens.append(Possible(frozenset([tag])))
            else:
                excluded = self._continuing([ended] if ended else [])
                labels, others, _ = self._outside
                tokens.append(
                    Possible(labels, None, excluded)
                    if others is None
                    else Possible(labels, others - excluded)
                )
            ended = label
        return tokens

    def _parsed(self, index: int, cell: str) -> Optional[list[Parsed]]:
        """The tags of a cell; `None`: it may be any."""
        try:
            cells = self._partial.alternatives(cell)
            if cells is None:
                return None
            tags = [self._source.read(self._parse(each)) for each in cells]
        except ValueError as error:
            raise InvalidTag(index, str(error)) from None
        renamed = [(letter, self._types.get(label, label)) for letter, label in tags]
        return [
            (CONLLEVAL_LETTERS[letter], label) if label else ("O", "") for letter, label in renamed
        ]

    def _ends(self, letter: str, label: str, following: Optional[list[Parsed]]) -> Optional[bool]:
        """Whether a span ends with this tag; `None`: that is not known."""
        if self._source.marks_ends:
            return letter in "ES"
        if following is None:
            return None
        continues = [tag == ("I", label) for tag in following]
        return False if continues and all(continues) else None if any(continues) else True

    def _tags(
        self, label: str, starts: Optional[bool] = None, ends: Optional[bool] = None
    ) -> list[str]:
        """The tags of the model of a token of a span, by whether it starts and ends there."""
        single, first, inner, last = self._target.tags_of(label)
        roles = ((single, True, True), (first, True, False), (inner, False, False))
        return [
            tag
            for tag, is_start, is_end in (*roles, (last, False, True))
            if starts in (None, is_start) and ends in (None, is_end)
        ]

    def _continuing(self, labels: Collection[str]) -> frozenset[str]:
        """The tags that would go on with a span of one of these types, which has ended; where tags
        themselves mark where spans end, that needs no saying."""
        if self._target.marks_ends:
            return frozenset()
        return frozenset(tag for label in labels for tag in self._target.tags_of(label)[2:])
