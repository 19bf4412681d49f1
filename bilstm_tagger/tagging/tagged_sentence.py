"""From what the tasks say of a sentence to a sentence with tags."""

from collections.abc import Mapping, Sequence

from bilstm_tagger.tagging.prediction import TaskPrediction
from bilstm_tagger.tagging.results import Alternative, TaggedSentence, TokenizedSentence, spans_of
from bilstm_tagger.text.encodings import Encoding
from bilstm_tagger.text.tag_spelling import TagSpelling, spelled


def tagged_sentence(
    sentence: TokenizedSentence,
    predicted: Mapping[str, TaskPrediction],
    tasks: Sequence[str],
    encodings: Mapping[str, Encoding],
    spellings: Mapping[str, TagSpelling],
    with_spans: bool,
) -> TaggedSentence:
    """The sentence with what these tasks say of it; `encodings` and `spellings` are those of files,
    of the tasks that have spans, or another spelling than the usual one."""
    tagged = TaggedSentence(sentence.tokens, {}, {}, sentence.text, sentence.offsets)
    for task in tasks:
        prediction = predicted[task]
        spelling = spellings.get(task)
        tagged.tags[task] = spelled(prediction.tags, spelling)
        if with_spans and task in encodings:
            spans = spans_of(encodings[task], prediction.tags, sentence)
            tagged.spans[task] = spans
            for span, chance in zip(spans, prediction.span_probabilities or (), strict=False):
                span.probability = chance
        if prediction.probability is not None and prediction.tag_probabilities is not None:
            tagged.probabilities[task] = prediction.tag_probabilities
            tagged.sequence_probabilities[task] = prediction.probability
        if prediction.distributions is not None:
            tagged.distributions[task] = [
                dict(zip(spelled(chances, spelling), chances.values(), strict=True))
                for chances in prediction.distributions
            ]
        if prediction.alternatives is not None:
            tagged.alternatives[task] = [
                Alternative(
                    spelled(tags, spelling),
                    spans_of(encodings.get(task), tags, sentence),
                    probability,
                )
                for tags, probability in prediction.alternatives
            ]
    return tagged
