"""The sentences of a file of any form."""

from collections.abc import Callable, Iterator
from typing import Optional

from bilstm_tagger.tagging.files.input_forms import open_input
from bilstm_tagger.tagging.files.input_layout import parse_layout
from bilstm_tagger.tagging.files.settings import TagSettings
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.tagger import Tagger


def sentences_of(
    path: str,
    tagger: Tagger,
    *,
    form: Optional[str] = None,
    layout: Optional[str] = None,
    skipped: Optional[Callable[[str], None]] = None,
) -> Iterator[TokenizedSentence]:
    """Yields the sentences of a file, read as the command `tag` reads it for this tagger, with its
    `--input-format` and `--layout`. What cannot be read is an error, or, where `skipped` is given,
    left out, and told to it.

    # Errors

    As of that command, for a file, or a part of it, that it cannot read.
    """
    with open_input(path, form, None if layout is None else parse_layout(layout)) as opened:
        settings = TagSettings(
            archive="",
            source=path,
            input_form=opened.form,
            output_form="json",
            skip=skipped is not None,
            layout=layout,
            recognised=opened.recognised,
        )
        form_tagger = settings.with_tagger(tagger)
        starts = settings.starts_sentence(tagger)
        for block in opened.input.blocks(settings.of_columns, starts):
            for record in form_tagger.records(block):
                if (problem := record.problem) is not None:
                    form_tagger.check_skipped(problem)
                    if skipped is not None:
                        skipped(f"skipped {path}:{problem.line}: {problem.problem}")
                yield from record.sentences
        opened.input.check_unchanged()
