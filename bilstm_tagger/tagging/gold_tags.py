"""Gold tags of sentences, as predictions are written."""

from typing import cast

from bilstm_tagger.tagging.specification import Specification
from bilstm_tagger.text.columns import Sentence
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.known_spans import known_spans
from bilstm_tagger.text.possible_labels import Labels, Possible, is_complete

# Of some tasks, the tags of a sentence.
GoldTags = dict[str, list[str]]
# In place of a tag that is not known for certain; no tag in a file is empty.
NOT_KNOWN = ""


def gold_tags(
    sentence: Sentence, layout: DatasetLayout, specification: Specification
) -> tuple[GoldTags, bool]:
    """The gold tags of a sentence for the tasks of a layout, as a prediction writes them, and
    whether any had to be repaired. Where tags are known in part, the spans are those that are known
    from end to end, and tags that are not known for certain are `NOT_KNOWN`.

    # Errors

    `DataFormatError` for tags that are not in the declared encoding.
    """
    labels, repaired = layout.labels(sentence)
    return {
        task: _written(task, of_task, specification) for task, of_task in labels.items()
    }, repaired


def _written(task: str, labels: Labels, specification: Specification) -> list[str]:
    encoding = specification.tasks[task].encoding
    written = specification.file_encoding(task)
    of_spans = encoding is not None and written is not None
    if is_complete(labels):
        return get_encoding(written).repair(labels) if written and of_spans else labels
    tokens = cast(list[Possible], labels)
    if not (of_spans and encoding and written):
        return [token.certain or NOT_KNOWN for token in tokens]
    spans = known_spans(tokens, get_encoding(encoding))
    tags = get_encoding(written).spans_to_tags(spans, len(tokens))
    return [
        NOT_KNOWN if tag == "O" and token.certain != "O" else tag
        for tag, token in zip(tags, tokens, strict=True)
    ]
