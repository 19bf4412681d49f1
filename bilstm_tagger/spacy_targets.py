"""Where the component for spaCy writes the tags of each task of a model."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Optional

from spacy.parts_of_speech import IDS as UNIVERSAL

from bilstm_tagger.spacy_extensions import component_error

if TYPE_CHECKING:
    from bilstm_tagger.tagging import Tagger


@dataclass(frozen=True)
class Targets:
    """Where the tags of tasks go."""

    ents: Optional[str] = None
    tag: Optional[str] = None
    pos: Optional[str] = None
    spans: dict[str, str] = field(default_factory=dict)

    @property
    def tasks(self) -> list[str]:
        named = (self.ents, self.tag, self.pos, *self.spans)
        return sorted({task for task in named if task is not None})

    def check(self, tagger: "Tagger") -> None:
        """Checks that the model has the tasks in the form that their targets take.

        # Errors

        `UserError` where a task cannot go where it is to go.
        """
        for option, tasks in (("ents", [self.ents]), ("spans", list(self.spans))):
            for task in tasks:
                if task is not None and tagger.specification.file_encoding(task) is None:
                    raise component_error(
                        f"'{option}' is for tasks that have spans, and the task '{task}' of the "
                        "model has no encoding; use 'tag' or 'pos'"
                    )
        if self.pos is not None and (tag := _not_universal(tagger, self.pos)) is not None:
            raise component_error(
                f"the tag {tag!r} of the task '{self.pos}' is no universal part of speech; use "
                "'tag' instead of 'pos'"
            )


def _not_universal(tagger: "Tagger", task: str) -> Optional[str]:
    """A tag of a task that `token.pos_` does not take."""
    labels = tagger.specification.tasks[task].labels
    return next((label for label in labels if label not in UNIVERSAL), None)


def default_targets(tagger: "Tagger") -> Targets:
    """Where the tags of all tasks of a model go."""
    encoded = [
        task for task in tagger.tasks if tagger.specification.file_encoding(task) is not None
    ]
    ents = "ner" if "ner" in encoded else None
    plain = [task for task in tagger.tasks if task not in encoded]
    universal = [t for t in ("upos", "pos") if t in plain and _not_universal(tagger, t) is None]
    pos = universal[0] if universal else None
    tag = next((task for task in ("xpos", "pos") if task in plain and task != pos), None)
    return Targets(ents, tag, pos, {task: task for task in encoded if task != ents})
