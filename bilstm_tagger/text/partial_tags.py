"""Tags of spans that are known in part."""

from collections.abc import Callable, Collection, Sequence
from typing import Optional, Union

from bilstm_tagger.text.encodings import Encoding
from bilstm_tagger.text.possible_labels import (
    InvalidTag,
    PartialLabels,
    Possible,
    consistent,
)
from bilstm_tagger.text.spans import conlleval_tag, split_tag

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
    unannotated : `Union[str, Collection[str]]`
        "all", or the types of the model of which the file does not mark all spans: what it has as
        outside of spans may belong to one of them.
    """

    def __init__(
        self,
        source: Encoding,
        target: Encoding,
        parse: Callable[[str], str],
        types: dict[str, Optional[str]],
        partial: PartialLabels,
        unannotated: Union[str, Collection[str]],
    ) -> None:
        self._source = source
        self._target = target
        self._parse = parse
        self._types = types
        self._partial = partial
        # The tags that a token which is outside of spans in the file may have, too; `None`: any.
        self._unmarked: Optional[frozenset[str]] = None
        if unannotated != "all":
            self._unmarked = frozenset(tag for x in unannotated for tag in target.tags_of(x))

    def read(self, cells: Sequence[str], strict: bool = True) -> list[Possible]:
        """What the cells of a sentence say. Not strict: only the types of the tags are used.

        Raises `InvalidTag`.
        """
        parsed = [self._parsed(index, cell, strict) for index, cell in enumerate(cells)]
        tokens = []
        ended: set[str] = set()
        for index, tags in enumerate(parsed):
            following = parsed[index + 1] if index + 1 < len(parsed) else []
            named: set[str] = set()
            excluded = self._continuing(ended)
            ended = set()
            for letter, label in tags or ():
                if not label:
                    named.add("O")
                    continue
                ends = self._ends(letter, label, following)
                if ends and strict:
                    ended.add(label)
                named.update(
                    self._tags(label, letter in "BS", ends) if strict else self._tags(label)
                )
            unnamed = None if tags is None else frozenset[str]()
            tokens.append(Possible(frozenset(named), unnamed, excluded))
        # Tags of the file that contradict each other are no spans that it does not mark.
        known = consistent(self._target, tokens)
        return [
            self._widened(token, before.excluded) if "O" in token.named else token
            for token, before in zip(known, tokens, strict=True)
        ]

    def widened(self, tags: Sequence[str]) -> list[Possible]:
        """What tags in the encoding of the model say, if spans are missing among them."""
        tokens = []
        ended = ""
        for tag in tags:
            label = split_tag(tag)[1]
            token = Possible(frozenset([tag]))
            if not label:
                token = self._widened(token, self._continuing([ended] if ended else []))
            tokens.append(token)
            ended = label
        return tokens

    def _widened(self, token: Possible, excluded: frozenset[str]) -> Possible:
        """Of a token that may be outside of spans; `excluded`: tags that go on with the span before
        it, which has ended."""
        if self._unmarked is None:
            return Possible(token.named, None, excluded)
        return Possible(token.named, self._unmarked - excluded)

    def _parsed(self, index: int, cell: str, strict: bool) -> Optional[list[Parsed]]:
        """The tags of a cell; `None`: it may be any."""
        try:
            alternatives = self._partial.alternatives(cell)
            if alternatives is None:
                return None
            tags = list(map(self._parse, alternatives))
            if strict:
                for tag in tags:
                    self._source.read(tag)
        except ValueError as error:
            raise InvalidTag(index, str(error)) from None
        parsed = []
        for tag in tags:
            letter, label = conlleval_tag(tag)
            renamed = self._types.get(label, label)
            parsed.append((letter, renamed) if renamed else ("O", ""))
        return parsed

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
