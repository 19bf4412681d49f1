"""The spans that are known where tags are known in part."""

from collections.abc import Callable, Collection, Iterable, Sequence

from bilstm_tagger.text.encodings import Encoding
from bilstm_tagger.text.possible_labels import Possible
from bilstm_tagger.text.spans import Span, conlleval_tag, read_spans


def known_spans(tokens: Sequence[Possible], encoding: Encoding) -> list[Span]:
    """The spans that all tags have that agree with what is known, in an encoding that marks where
    spans start."""
    tags = [token.certain or "O" for token in tokens]

    def is_known(span: Span) -> bool:
        first, _ = conlleval_tag(tags[span.start])
        last, _ = conlleval_tag(tags[span.end - 1])
        starts = first in "BS" or span.start == 0 or tokens[span.start - 1].certain is not None
        if encoding.marks_ends:
            return starts and last in "ES"
        continuing = encoding.tags_of(span.label)[2:]
        behind = tokens[span.end : span.end + 1]
        return starts and not any(map(behind[0].permits, continuing) if behind else ())

    return list(filter(is_known, read_spans(tags)))


def judged_spans(
    predicted: Iterable[Span], known: Collection[Span], is_outside: Callable[[Span], bool]
) -> list[Span]:
    """The predicted spans that are right or wrong by what is known: those with a token of a known
    span, and those that are known to be outside of spans of their type.

    Which ones these are depends on what is known alone, so that right and wrong ones are counted
    alike.
    """
    covered = {token for span in known for token in range(span.start, span.end)}
    return [
        span
        for span in predicted
        if not covered.isdisjoint(range(span.start, span.end)) or is_outside(span)
    ]
