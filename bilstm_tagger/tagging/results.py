"""What goes into a tagger and what comes out: sentences, in plain Python."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from bilstm_tagger.text.encodings import Encoding
from bilstm_tagger.text.errors import DataFormatError, UserError

Offsets = list[tuple[int, int]]
# Characters of a printed sentence, and of its tags.
_SHOWN = 60


@dataclass(slots=True)
class TokenizedSentence:
    """A sentence to be tagged.

    # Parameters

    tokens : `List[str]`
        At least one, none of them empty.
    columns : `Dict[str, List[str]]`
        Feature columns, each with a value for every token. Those that the model does not know are
        not looked at.
    text : `str`, optional
        The raw text that the sentence comes from.
    offsets : `List[Tuple[int, int]]`, optional
        Of each token, its first character in the text, and the one behind its last.
    """

    tokens: list[str]
    columns: dict[str, list[str]] = field(default_factory=dict)
    text: Optional[str] = None
    offsets: Optional[Offsets] = None

    def check(self, features: Sequence[str]) -> None:
        """Checks what a tagger reads of the sentence; `features` are the columns of the model.

        # Errors

        `DataFormatError` for a sentence without tokens, an empty token, or a string in place of a
        list of tokens; `UserError` for a feature column that is missing or of another length.
        """
        tokens = self.tokens
        if (
            isinstance(tokens, str)
            or not tokens
            or not all(isinstance(token, str) and token for token in tokens)
        ):
            raise DataFormatError(
                "input",
                None,
                f"expected a list of tokens of some text, found {tokens!r:.80}; split the text "
                "into tokens and leave empty ones out",
            )
        for name in features:
            values = self.columns.get(name)
            if values is None or isinstance(values, str) or len(values) != len(tokens):
                count = "none" if values is None else len(values)
                raise UserError(
                    f"The model was trained with the column '{name}' as a feature: expected "
                    f"{len(tokens)} values of it, found {count}; give the input a column (CoNLL) "
                    f"or key (JSON) '{name}'."
                )


def check_sentences(sentences: Sequence[TokenizedSentence], features: Sequence[str]) -> None:
    """`TokenizedSentence.check` for all of them, and a `UserError` for anything else."""
    for sentence in sentences:
        if not isinstance(sentence, TokenizedSentence):
            raise UserError(
                f"expected TokenizedSentence objects, found {sentence!r:.80}; for one list of "
                "tokens there is tag_tokens"
            )
        sentence.check(features)


@dataclass(slots=True)
class TaggedSpan:
    """A span: a chunk, an entity.

    # Parameters

    label : `str`
        The type of the span, such as `NP` or `PER`.
    first_token, last_token : `int`
        From 0, both within the span.
    text : `str`
        The piece of raw text; of tokens without, the tokens, joined by blanks.
    start, end : `int`, optional
        The first character in the raw text, and the one behind the last.
    probability : `float`, optional
        That exactly this span is in the sentence, with this label, no longer and no shorter.
    """

    label: str
    first_token: int
    last_token: int
    text: str
    start: Optional[int] = None
    end: Optional[int] = None
    probability: Optional[float] = None

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "label": self.label,
            "first_token": self.first_token,
            "last_token": self.last_token,
        }
        if self.start is not None:
            found.update(start=self.start, end=self.end)
        found["text"] = self.text
        if self.probability is not None:
            found["probability"] = rounded(self.probability)
        return found


@dataclass(slots=True)
class Alternative:
    """One of the best sequences of tags of a sentence.

    # Parameters

    tags : `List[str]`
        The tag of each token.
    spans : `List[TaggedSpan]`
        Without probabilities of their own.
    probability : `float`
        Of the whole sequence.
    """

    tags: list[str]
    spans: list[TaggedSpan]
    probability: float

    def to_json(self) -> dict[str, Any]:
        return {
            "tags": self.tags,
            "spans": [span.to_json() for span in self.spans],
            "probability": rounded(self.probability),
        }


@dataclass(slots=True, repr=False)
class TaggedSentence:
    """A sentence with its tags. All dictionaries are from task to what it says of the sentence; the
    last four are empty unless they were asked for.

    # Parameters

    tokens : `List[str]`
        As they came in.
    tags : `Dict[str, List[str]]`
        A tag for each token, in the encoding of the files that the model was trained on.
    spans : `Dict[str, List[TaggedSpan]]`
        The spans of tasks with an encoding, from left to right.
    text, offsets : optional
        Of raw text; see `TokenizedSentence`.
    probabilities : `Dict[str, List[float]]`
        Of the tag of each token, whatever the others are (its marginal probability).
    distributions : `Dict[str, List[Dict[str, float]]]`
        For each token the probability of every tag, in alphabetical order; the sum is 1.
    sequence_probabilities : `Dict[str, float]`
        Of all tags of the sentence together.
    alternatives : `Dict[str, List[Alternative]]`
        The best sequences of tags, the best one first, which is that of `tags`.
    """

    tokens: list[str]
    tags: dict[str, list[str]]
    spans: dict[str, list[TaggedSpan]]
    text: Optional[str] = None
    offsets: Optional[Offsets] = None
    probabilities: dict[str, list[float]] = field(default_factory=dict)
    distributions: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    sequence_probabilities: dict[str, float] = field(default_factory=dict)
    alternatives: dict[str, list[Alternative]] = field(default_factory=dict)

    def __repr__(self) -> str:
        parts = [repr(_shortened(self.tokens))]
        parts += [f"{task}={_shortened(tags)!r}" for task, tags in self.tags.items()]
        return f"TaggedSentence({', '.join(parts)})"

    def to_json(self) -> dict[str, Any]:
        """For `json.dumps`. Probabilities have six significant digits; the raw text, which
        sentences share, is left out."""
        found: dict[str, Any] = {
            "tokens": self.tokens,
            "tags": self.tags,
            "spans": {
                task: [span.to_json() for span in spans] for task, spans in self.spans.items()
            },
        }
        if self.offsets is not None:
            found["offsets"] = self.offsets
        if self.probabilities:
            found["probabilities"] = {
                task: list(map(rounded, values)) for task, values in self.probabilities.items()
            }
            found["sequence_probabilities"] = {
                task: rounded(value) for task, value in self.sequence_probabilities.items()
            }
        if self.distributions:
            found["distributions"] = {
                task: [{tag: rounded(p) for tag, p in chances.items()} for chances in tokens]
                for task, tokens in self.distributions.items()
            }
        if self.alternatives:
            found["alternatives"] = {
                task: [alternative.to_json() for alternative in best]
                for task, best in self.alternatives.items()
            }
        return found


def _shortened(words: list[str]) -> str:
    text = " ".join(words)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 4] + " ..."


def rounded(probability: float) -> float:
    """A probability with six significant digits."""
    return float(f"{probability:.6g}")


def spans_of(
    encoding: Optional[Encoding], tags: Sequence[str], sentence: TokenizedSentence
) -> list[TaggedSpan]:
    """The spans of tags in an encoding, from left to right; of plain labels none."""
    if encoding is None:
        return []
    spans = []
    for label, first, behind in encoding.spans(tags):
        span = TaggedSpan(label, first, behind - 1, "")
        if sentence.offsets is not None and sentence.text is not None:
            span.start, span.end = sentence.offsets[first][0], sentence.offsets[behind - 1][1]
            span.text = sentence.text[span.start : span.end]
        else:
            span.text = " ".join(sentence.tokens[first:behind])
        spans.append(span)
    return spans
