"""Tagging: models in numpy, from Python and for files of any size."""

from bilstm_tagger.tagging.results import (
    Alternative,
    TaggedSentence,
    TaggedSpan,
    TokenizedSentence,
)
from bilstm_tagger.tagging.tagger import Tagger

__all__ = ["Alternative", "TaggedSentence", "TaggedSpan", "Tagger", "TokenizedSentence"]
