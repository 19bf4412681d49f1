"""The sentences of a file of any form."""

from collections.abc import Iterator

from bilstm_tagger.tagging.files.input_forms import open_input
from bilstm_tagger.tagging.files.settings import TagSettings
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.tagger import Tagger


def sentences_of(path: str, tagger: Tagger) -> Iterator[TokenizedSentence]:
    """Yields the sentences of a file, read as the command `tag` reads it for this tagger.

    # Errors

    As of that command, for a file, or a part of it, that it cannot read.
    """
    with open_input(path, None) as opened:
        settings = TagSettings(
            archive="",
            source=path,
            input_form=opened.form,
            output_form="json",
            recognised=opened.recognised,
        )
        form_tagger = settings.with_tagger(tagger)
        starts = settings.starts_sentence(tagger)
        for block in opened.input.blocks(settings.of_columns, starts):
            for record in form_tagger.records(block):
                if record.problem is not None:
                    form_tagger.check_skipped(record.problem)
                yield from record.sentences
