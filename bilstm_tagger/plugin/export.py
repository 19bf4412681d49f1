"""From a trained model to its specification and tensors."""

from collections.abc import Iterable
from typing import Any

import numpy
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, TokenIndexer, Vocabulary
from allennlp.data.token_indexers import SingleIdTokenIndexer
from allennlp.models import Model
from allennlp.modules import TokenEmbedder
from allennlp.modules.text_field_embedders import BasicTextFieldEmbedder

from bilstm_tagger.plugin.data import token_indexers as indexers
from bilstm_tagger.plugin.dataset_readers import ConllColumnsReader
from bilstm_tagger.plugin.models import BiLSTMTagger
from bilstm_tagger.plugin.modules.bilstm_encoder import BiLSTMEncoder, sizes_of
from bilstm_tagger.plugin.modules.decoders import CRFDecoder, TaskDecoder
from bilstm_tagger.plugin.modules.token_embedders.settings import settings_of
from bilstm_tagger.tagging.archives.config import read_config
from bilstm_tagger.tagging.archives.limits import UnsafeModel
from bilstm_tagger.tagging.archives.model import model_of
from bilstm_tagger.tagging.archives.vocabulary import Entries, VocabularyData
from bilstm_tagger.tagging.specification import Specification
from bilstm_tagger.text.recognised_tasks import NAMESPACE, decode_recognised, with_recognised


def export_model(
    model: Model, reader: DatasetReader
) -> tuple[Specification, dict[str, numpy.ndarray]]:
    """Specification and tensors of a model. A `ConfigurationError`, which names the part, for one
    whose vectors of tokens are not their own (transformers, ELMo), or that has parts of other
    packages.
    """
    model, reader = checked(model, reader)
    config = {"dataset_reader": _reader_settings(reader), "model": _model_settings(model)}
    state = {name: tensor.detach().cpu().numpy() for name, tensor in model.state_dict().items()}
    try:
        return model_of(read_config(config), _vocabulary_data(model.vocab), state)
    except UnsafeModel as error:
        raise ConfigurationError(f"the model cannot be exported: {error.what}") from None


def checked(model: Model, reader: DatasetReader) -> tuple[BiLSTMTagger, ConllColumnsReader]:
    """Both as they are; a `ConfigurationError` for another kind of model or reader."""
    for part, wanted in ((model, BiLSTMTagger), (reader, ConllColumnsReader)):
        if not isinstance(part, wanted):
            raise ConfigurationError(
                "this is for a model 'bilstm_tagger' with a dataset reader 'conll_columns', "
                f"found {type(part).__name__} in place of {wanted.__name__}"
            )
    lines: Iterable[str] = ()
    if NAMESPACE in model.vocab.get_namespaces():
        lines = model.vocab.get_index_to_token_vocabulary(NAMESPACE).values()
    reader.datasets = with_recognised(reader.datasets, decode_recognised(lines))
    return model, reader


def _vocabulary_data(vocabulary: Vocabulary) -> VocabularyData:
    namespaces = {}
    for namespace, entries in vocabulary._index_to_token.items():
        values = [entries[index] for index in range(len(entries))]
        padded = bool(values) and values[0] == vocabulary._padding_token
        namespaces[namespace] = Entries(values[padded:], padded)
    return VocabularyData(namespaces, vocabulary._oov_token, [])


def _reader_settings(reader: ConllColumnsReader) -> dict[str, Any]:
    return {
        "type": "conll_columns",
        "token_indexers": {
            name: _indexer_settings(indexer) for name, indexer in reader.token_indexers.items()
        },
        "datasets": reader.datasets,
    }


# Each indexer to its name and settings. The classes themselves, not those that are made of them:
# these may do anything else.
_INDEXERS = {
    indexers.WordFormsIndexer: ("word_forms", "namespace"),
    indexers.WordCharactersIndexer: ("word_characters", "max_length", "namespace"),
    indexers.CasingIndexer: ("casing", "namespace"),
    indexers.ColumnIndexer: ("column", "column", "namespace"),
    indexers.LexiconIndexer: ("lexicon", "ignore_case", "namespace"),
}


def _indexer_settings(indexer: TokenIndexer) -> dict[str, Any]:
    kind = type(indexer)
    if kind in _INDEXERS:
        name, *settings = _INDEXERS[kind]
        return {"type": name} | {setting: getattr(indexer, setting) for setting in settings}
    if (
        kind is SingleIdTokenIndexer
        and indexer._feature_name == "text"
        and indexer.namespace is not None
        and not indexer._start_tokens + indexer._end_tokens
    ):
        lower = {"lowercase_tokens": indexer.lowercase_tokens}
        return {"type": "single_id", "namespace": indexer.namespace, **lower}
    raise _not_held(indexer)


def _embedder_settings(embedder: TokenEmbedder) -> dict[str, Any]:
    settings = settings_of(embedder)
    if settings is None:
        raise _not_held(embedder)
    return settings


def _model_settings(model: BiLSTMTagger) -> dict[str, Any]:
    embedder = model.text_field_embedder
    if type(embedder) is not BasicTextFieldEmbedder:
        raise _not_held(embedder)
    token_embedders = {
        name: _embedder_settings(part) for name, part in embedder._token_embedders.items()
    }
    return {
        "type": "bilstm_tagger",
        "text_field_embedder": {"token_embedders": token_embedders},
        "encoder": _encoder_settings(model.encoder),
        "tasks": {name: _task_settings(task) for name, task in model.decoders().items()},
        "task_identifier": model.task_identifier,
    }


def _encoder_settings(encoder: BiLSTMEncoder) -> dict[str, Any]:
    return {"hidden_sizes": sizes_of(encoder)}


def _task_settings(decoder: TaskDecoder) -> dict[str, Any]:
    return {
        "type": "crf" if isinstance(decoder, CRFDecoder) else "softmax",
        "encoding": decoder.encoding and decoder.encoding.name,
        "level": decoder.level,
        "encoder": decoder.encoder and _encoder_settings(decoder.encoder),
        "constrained": decoder.constrained,
        "repair": decoder.repair,
    }


def _not_held(part: object) -> ConfigurationError:
    return ConfigurationError(
        f"the model cannot be exported: a model file cannot hold {type(part).__name__}, whose "
        "vectors are not those of a single token, or which is no part of this package"
    )
