"""The column that holds the labels of a task, and how they are read."""

from collections.abc import Sequence
from typing import Optional, Union

import msgspec

from bilstm_tagger.text.encodings import Encoding, get_encoding
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.partial_tags import PartialTags
from bilstm_tagger.text.possible_labels import InvalidTag, Labels, PartialLabels
from bilstm_tagger.text.soft_labels import has_probabilities, soft_labels
from bilstm_tagger.text.spans import conlleval_tag
from bilstm_tagger.text.tag_spelling import USUAL, TagSpelling

# In place of an encoding: that which the training file has; see `recognised_tasks`.
AUTO = "auto"
_NO_GAPS = PartialLabels((), None)


def _encoding(name: Optional[str], key: str) -> Optional[Encoding]:
    try:
        return None if name is None else get_encoding(name)
    except ValueError as error:
        raise UserError(f"{key}: {error}") from None


class TaskColumn(msgspec.Struct, forbid_unknown_fields=True, dict=True, omit_defaults=True):
    """The column that holds the labels of a task. A `UserError` for an encoding that there is
    not."""

    # The encoding of spans in the file: IO, IOB1, BIO (= IOB2), IOBES, BMES, BMEWO or BILOU. It is
    # checked. `None`: plain labels, one for each token, such as parts of speech. "auto": that of
    # the training file, with its spelling; `model_encoding` is needed then.
    encoding: Optional[str] = None
    # The encoding that the model learns; tags are converted. `None`: that of the file.
    model_encoding: Optional[str] = None
    column: Optional[str] = None  # its name in `columns`; `None`: that of the task
    # Types of spans in the file to those that the model learns; `None`: outside of spans.
    types: dict[str, Optional[str]] = {}
    # How the tags of the file are spelled, where it is not as in `B-PER`.
    spelling: TagSpelling = USUAL
    # What the integers of the column stand for, counted from 0, where it has integers.
    labels: Optional[list[str]] = None
    # Whether labels may be missing, or several possible, and how that is written; `True`: as by
    # default.
    partial: Union[bool, PartialLabels] = False
    # The types of spans, as the model learns them, that the file does not mark, or not all of them:
    # what it has as outside of spans may belong to one. "all": of whatever type.
    unannotated: Union[str, list[str]] = []
    # Whether tokens may have, in place of a label, an object with the probability of each label, in
    # the encoding of the model, as the command `distill` writes them.
    probabilities: bool = False

    def __post_init__(self) -> None:
        for key, value, default in (
            ("model_encoding", self.model_encoding, None),
            ("spelling", self.spelling, USUAL),
            ("types", self.types, {}),
            ("unannotated", self.unannotated, []),
        ):
            if self.encoding is None and value != default:
                raise UserError(
                    f"{key} is {value!r}, but the task has no 'encoding': say in which encoding "
                    f"the file is, or leave {key} out"
                )
        if empty := [name for name, other in self.types.items() if other == ""]:
            raise UserError(
                f"types.{empty[0]} is empty; give the type that the model learns, or null to leave "
                "these spans out"
            )
        if self.encoding == AUTO and (self.model_encoding is None or self.spelling != USUAL):
            raise UserError(
                f"encoding: '{AUTO}' needs 'model_encoding', the encoding that the model learns, "
                "as the decoder of the task has it, and no 'spelling', which is recognised, too"
            )
        self.source = _encoding(None if self.encoding == AUTO else self.encoding, "encoding")
        self.target = _encoding(self.model_encoding, "model_encoding") or self.source
        # The names that encodings are known by: "IOB2" becomes "BIO".
        if self.source is not None:
            self.encoding = self.source.name
        self.model_encoding = None if self.target is None else self.target.name
        if isinstance(self.unannotated, str) and self.unannotated != "all":
            raise UserError(
                f"unannotated is {self.unannotated!r}: give a list of types, as "
                f"[{self.unannotated!r}], or 'all'"
            )
        if "O" in self.unannotated:
            raise UserError("unannotated has 'O', which is no type of spans; leave it out")
        self.gaps: Optional[PartialLabels] = None
        if self.partial:
            self.gaps = PartialLabels() if self.partial is True else self.partial
            self._check_gaps()
        if self.probabilities:
            self._check_probabilities()
        self._partial_tags: Optional[PartialTags] = None
        if self.may_have_gaps and self.target is not None:
            if not self.target.marks_starts:
                raise UserError(
                    f"the model learns {self.target.name}, which cannot be learned of spans that "
                    "are known in part: set model_encoding to one that marks where a span starts, "
                    "as 'BIO' or 'IOBES'"
                )
            source, gaps = self.source or self.target, self.gaps or _NO_GAPS
            self._partial_tags = PartialTags(
                source, self.target, self.read, self.types, gaps, self.unannotated
            )

    @property
    def may_have_gaps(self) -> bool:
        """Whether labels may not be known, or not for certain."""
        return bool(self.partial or self.unannotated)

    def _check_probabilities(self) -> None:
        """That labels with probabilities need no conversion, for which there is none."""
        for key, is_set in (
            ("partial", self.partial),
            ("unannotated", self.unannotated),
            ("types", self.types),
            ("spelling", self.spelling != USUAL),
            ("labels", self.labels is not None),
        ):
            if is_set:
                raise UserError(
                    f"probabilities: true cannot be combined with '{key}'; leave it out"
                )
        if self.encoding == AUTO or self.source is not self.target:
            raise UserError(
                "probabilities: true: probabilities cannot be converted to another encoding; set "
                "'encoding' to that of the file, leave model_encoding out, and let the other data "
                "sets (model_encoding) and the decoder of the model (encoding) have the same"
            )

    def _check_gaps(self) -> None:
        """That of tags in the file that are known in part, the spans can be read."""
        assert self.gaps is not None
        if self.source is not None and self.spelling.outside in self.gaps.missing:
            raise UserError(
                f"partial.missing has {self.spelling.outside!r}, the tag of tokens outside of "
                "spans; where these may be in a span, set unannotated"
            )
        if self.encoding == AUTO:
            raise UserError(
                f"encoding: '{AUTO}' cannot recognise tags that are known in part: name the "
                "encoding, or leave partial out"
            )
        if self.source is None or self.target is None:
            return
        if not self.source.marks_starts:
            raise UserError(
                f"partial: in {self.source.name}, spans cannot be told apart where tags are "
                "missing; write the file in an encoding that marks where a span starts, as BIO"
            )
        if self.source.marks_ends and not self.target.marks_ends:
            raise UserError(
                f"partial: the file, in {self.source.name}, marks where spans end; set "
                f"model_encoding to an encoding that does, as '{self.source.name}'"
            )

    def are_partial(self, cells: Sequence[str]) -> bool:
        """Whether some cells of a sentence are no single label."""
        if self.probabilities:
            return any(map(has_probabilities, cells))
        return self.gaps is not None and any(map(self.gaps.is_gap, cells))

    def labels_of(self, cells: Sequence[str], repair: bool = False) -> tuple[Labels, bool]:
        """The labels of a sentence, in the encoding of the model, and whether tags had to be
        repaired, as is done on request.

        # Errors

        `InvalidTag` for a tag that is not in the encoding; another `ValueError` for one that is in
        none.
        """
        has_gaps = self.are_partial(cells)
        if has_gaps and self.probabilities:
            return soft_labels(cells, self.source), False
        if self.source is None or self.target is None:
            return self.gaps.possible_labels(cells) if self.gaps and has_gaps else list(
                cells
            ), False
        if has_gaps and self._partial_tags is not None:
            try:
                return self._partial_tags.read(cells), False
            except InvalidTag:
                if not repair:
                    raise
                return self._partial_tags.read(cells, strict=False), True
        tags = list(cells) if self.spelling == USUAL else list(map(self.spelling.read, cells))
        fault = self.source.first_violation(tags)
        if fault is not None and self.probabilities:
            # What is most probable at each token need not be a valid sequence.
            return soft_labels(cells, self.source), False
        if fault is not None and not repair:
            raise InvalidTag(fault.index, fault.message)
        tags = self.renamed(self.target.repair(tags))
        if self._partial_tags is not None and self.unannotated and "O" in tags:
            return self._partial_tags.widened(tags), fault is not None
        return tags, fault is not None

    def read(self, tag: str) -> str:
        """A tag of spans in the file, as it is in the program. Raises `ValueError` for what is no
        tag of any encoding in this spelling."""
        tag = self.spelling.read(tag)
        conlleval_tag(tag)
        return tag

    def renamed(self, tags: list[str]) -> list[str]:
        """Tags in the encoding of the model, with the types that the model learns."""
        if not self.types or self.target is None:
            return tags
        spans = [
            span._replace(label=label)
            for span in self.target.spans(tags)
            if (label := self.types.get(span.label, span.label)) is not None
        ]
        return self.target.spans_to_tags(spans, len(tags))
