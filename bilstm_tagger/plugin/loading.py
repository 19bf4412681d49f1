"""Loads a `model.tar.gz` from anywhere into AllenNLP: nothing of it is run, nothing is written."""

import io
import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional, Union

import numpy
import torch
from allennlp.common import Params
from allennlp.common.meta import Meta
from allennlp.common.params import parse_overrides, with_overrides
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model, archival

from bilstm_tagger.tagging.archives.config import ONLY_FOR_TRAINING, read_config
from bilstm_tagger.tagging.archives.json_object import parse_json
from bilstm_tagger.tagging.archives.limits import (
    FIX_ATTACK,
    FIX_DAMAGED,
    FIX_MODEL,
    Limits,
    UnsafeModel,
)
from bilstm_tagger.tagging.archives.members import CONFIG, META, WEIGHTS, AnyPath, read_members
from bilstm_tagger.tagging.archives.model import model_of
from bilstm_tagger.tagging.archives.vocabulary import VocabularyData, read_vocabulary
from bilstm_tagger.tagging.archives.weights import read_weights

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9A-Za-z.+-]+")
# What loading constructs. The rest is about training and is left out.
_SECTIONS = ("dataset_reader", "validation_dataset_reader", "model")
_OF_VOCABULARY = ("type", "padding_token", "oov_token")

Built = tuple[Model, DatasetReader, DatasetReader]


def load_safely(
    path: AnyPath,
    trust: bool = False,
    *,
    cuda_device: int = -1,
    overrides: Union[str, dict[str, Any]] = "",
    weights_file: Optional[AnyPath] = None,
    limits: Limits = Limits(),  # noqa: B008  (frozen)
) -> archival.Archive:
    """Loads an archive that may come from anywhere. Its model predicts what that of AllenNLP's
    `load_archive` does.

    Without `trust` the archive runs nothing, reads no other file or address, and nothing is
    written: only components of this package and a few of AllenNLP are constructed (see
    `bilstm_tagger.tagging.archives.config`), and the `config` of the result has only what was
    constructed.

    # Parameters

    path : `PathLike`
        The archive, a local file.
    trust : `bool`, optional (default=`False`)
        Whether the archive may name any component, and these may read files, fetch models and run
        what they like, as with `load_archive`. Weights are still nothing but tensors, and files
        still do not leave the (temporary) folder.
    cuda_device : `int`, optional (default=`-1`)
        The GPU; -1 is the CPU.
    overrides : `Union[str, Dict[str, Any]]`, optional (default=`""`)
        Changes of the config, of the user's own: they are not checked.
    weights_file : `PathLike`, optional (default=`None`)
        Other weights than those in the archive. They are checked as those are.
    limits : `Limits`, optional
        How large the archive may be.

    # Errors

    `UnsafeModel`, for everything that is refused. `FileNotFoundError`.
    """
    try:
        files = read_members(path, limits, extras=trust)
        config = parse_json(files[CONFIG], CONFIG)
        meta = _read_meta(files[META]) if META in files else None
        weights, where = files.pop(WEIGHTS), WEIGHTS
        if weights_file is not None:
            weights, where = Path(weights_file).read_bytes(), str(weights_file)
        if trust:
            params = Params(_overridden(config, overrides))
            built = _build_trusted(files, params, weights, cuda_device)
        else:
            known = read_config(config)
            vocabulary = read_vocabulary(files, known.vocabulary.oov_token, limits)
            state = read_weights(weights, limits, where)
            model_of(known, vocabulary, state)  # refuses what does not go together
            params = Params(_sections(_overridden(config, overrides)))
            built = _build(params, vocabulary, known.vocabulary.padding_token, state, cuda_device)
    except UnsafeModel as error:
        error.archive = path
        raise
    if meta is not None:
        archival._check_version_compatibility(path, meta)
    model, reader, validation_reader = built
    return archival.Archive(model, params, reader, validation_reader, meta)


def _overridden(config: dict[str, Any], overrides: Union[str, dict[str, Any]]) -> dict[str, Any]:
    text = json.dumps(overrides) if isinstance(overrides, dict) else overrides
    changes = parse_overrides(text)
    return with_overrides(config, changes) if changes else config


def _sections(config: dict[str, Any]) -> dict[str, Any]:
    """What loading needs of a config."""
    vocabulary = config.get("vocabulary") or {}
    sections = {name: config[name] for name in _SECTIONS if config.get(name) is not None}
    sections["model"] = _without_training(sections["model"])
    sections["vocabulary"] = {k: vocabulary[k] for k in _OF_VOCABULARY if k in vocabulary}
    return sections


def _without_training(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        key: _without_training(inner)
        for key, inner in value.items()
        if key not in ONLY_FOR_TRAINING
    }


def _vocabulary_of(section: Params, data: VocabularyData, padding_token: str) -> Vocabulary:
    constructed, _ = Vocabulary.resolve_class_name(section.get("type", "from_instances"))
    vocabulary: Vocabulary = constructed(
        non_padded_namespaces=data.non_padded,
        padding_token=padding_token,
        oov_token=data.oov_token,
    )
    for namespace, (values, padded) in data.namespaces.items():
        entries = [padding_token, *values] if padded else values
        vocabulary._token_to_index[namespace] = {word: i for i, word in enumerate(entries)}
        vocabulary._index_to_token[namespace] = dict(enumerate(entries))
    return vocabulary


def _build(
    config: Params,
    vocabulary: VocabularyData,
    padding_token: str,
    state: Mapping[str, numpy.ndarray],
    cuda_device: int,
) -> Built:
    tensors = {name: torch.from_numpy(tensor.copy()) for name, tensor in state.items()}
    try:
        words = _vocabulary_of(config.get("vocabulary"), vocabulary, padding_token)
        model = Model.from_params(config.get("model").duplicate(), vocab=words)
        model = model.cuda(cuda_device) if cuda_device >= 0 else model.cpu()
        model.load_state_dict(tensors)
        # The folder in a reader is that of the archive; here is none.
        readers = archival._load_dataset_readers(config.duplicate(), serialization_dir=None)
    except Exception as error:  # of any constructor
        what = f"no model can be made of it ({type(error).__name__}: {error})"
        raise UnsafeModel(CONFIG, what, FIX_MODEL) from error
    return model, *readers


def _build_trusted(
    files: dict[str, bytes], config: Params, weights: bytes, cuda_device: int
) -> Built:
    """As AllenNLP does it, in a folder of our own. The weights are written anew: what is read is
    what was checked.
    """
    try:
        state = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).split("WeightsUnpickler error:")[-1].strip().split("\n")[0]
        what = f"torch refuses to load it as weights alone ({reason:.200})"
        raise UnsafeModel(WEIGHTS, what, FIX_ATTACK) from None
    with tempfile.TemporaryDirectory(prefix="bilstm_tagger-") as name:
        folder = Path(name)
        for file, data in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(data)
        torch.save(state, folder / WEIGHTS)
        readers = archival._load_dataset_readers(config.duplicate(), name)
        model = archival._load_model(config.duplicate(), str(folder / WEIGHTS), name, cuda_device)
    return model, *readers


def _read_meta(data: bytes) -> Meta:
    version = parse_json(data, META).get("version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version[:40]):
        raise UnsafeModel(META, "it names no version of AllenNLP", FIX_DAMAGED)
    return Meta(version)
