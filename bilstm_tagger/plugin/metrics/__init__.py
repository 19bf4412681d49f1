"""Metrics of sequence tagging, registered with AllenNLP."""

from bilstm_tagger.plugin.metrics.span_f1 import SpanF1
from bilstm_tagger.plugin.metrics.token_accuracy import TokenAccuracy
