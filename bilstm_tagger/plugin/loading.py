"""Loads a `model.tar.gz` from anywhere: nothing of it is run, and nothing of it is written."""

import re
import tempfile
from pathlib import Path
from typing import Any, Optional, Union

import torch
from allennlp.common import Params
from allennlp.common.meta import Meta
from allennlp.common.util import namespace_match
from allennlp.data import DatasetReader, Vocabulary
from allennlp.data.vocabulary import NAMESPACE_PADDING_FILE
from allennlp.models import Model
from allennlp.models.archival import (
    Archive,
    _check_version_compatibility,
    _load_dataset_readers,
    _load_model,
)

from bilstm_tagger.tagging.archives.config import parse_json, read_config
from bilstm_tagger.tagging.archives.limits import MEND_ATTACK, MEND_DAMAGED, Limits, UnsafeArchive
from bilstm_tagger.tagging.archives.members import (
    CONFIG,
    META,
    VOCABULARY,
    WEIGHTS,
    AnyPath,
    read_members,
)
from bilstm_tagger.tagging.archives.weights import read_weights

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9A-Za-z.+-]+")
_MEND_MODEL = "config, vocabulary and weights must be those of one training"


def _text(data: bytes, where: str) -> list[str]:
    """Lines, as AllenNLP reads them."""
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise UnsafeArchive(where, f"this is no UTF-8 ({error})", MEND_DAMAGED) from None
    return lines[:-1] if lines[-1] == "" else lines


def _read_vocabulary(files: dict[str, bytes], section: Params, limits: Limits) -> Vocabulary:
    """As `Vocabulary.from_files`, of files in memory."""
    padding_file = VOCABULARY + NAMESPACE_PADDING_FILE
    if padding_file not in files:
        raise UnsafeArchive(padding_file, "the archive has no such file", MEND_DAMAGED)
    patterns = [line.strip() for line in _text(files[padding_file], padding_file)]
    patterns = [pattern for pattern in patterns if pattern]
    constructed, _ = Vocabulary.resolve_class_name(section.get("type", "from_instances"))
    vocabulary: Vocabulary = constructed(
        non_padded_namespaces=patterns,
        padding_token=section.get("padding_token"),
        oov_token=section.get("oov_token"),
    )
    for where, data in files.items():
        name = where.removeprefix(VOCABULARY)
        # AllenNLP leaves a file ".lock" beside the others.
        if not where.startswith(VOCABULARY) or name in (NAMESPACE_PADDING_FILE, ".lock"):
            continue
        if not name.endswith(".txt") or name.startswith(".") or "/" in name:
            raise UnsafeArchive(where, "this is no file of a vocabulary", MEND_ATTACK)
        namespace = name.replace(".txt", "")
        padded = not any(namespace_match(pattern, namespace) for pattern in patterns)
        words = [line.replace("@@NEWLINE@@", "\n") for line in _text(data, where)]
        if not padded:
            _check_labels(words, where, limits)
        else:
            words = [vocabulary._padding_token, *words]
        ids = {word: index for index, word in enumerate(words)}
        if len(ids) < len(words):
            raise UnsafeArchive(where, "it has an entry twice", MEND_DAMAGED)
        if padded and vocabulary._oov_token not in ids:
            raise UnsafeArchive(where, "it has no entry for unknown words", MEND_DAMAGED)
        vocabulary._token_to_index[namespace] = ids
        vocabulary._index_to_token[namespace] = dict(enumerate(words))
    return vocabulary


def _check_labels(labels: list[str], where: str, limits: Limits) -> None:
    if len(labels) > limits.labels:
        what = f"{len(labels)} labels, the limit is {limits.labels}"
        raise UnsafeArchive(where, what, "if there have to be so many, raise the limit 'labels'")
    for label in labels:
        # They would break the lines of output, or steer a terminal.
        if _CONTROL.search(label):
            raise UnsafeArchive(
                where, f"the label {label!a:.80} has control characters", MEND_ATTACK
            )


def _check_names(model: Model, state: dict[str, torch.Tensor]) -> None:
    """The tensors of a model and those of the weights, by name and shape."""
    wanted = {name: tuple(each.shape) for name, each in model.state_dict().items()}
    found = {name: tuple(each.shape) for name, each in state.items()}
    if missing := sorted(wanted.keys() - found.keys()):
        raise UnsafeArchive(WEIGHTS, f"tensors are missing: {missing[:5]}", _MEND_MODEL)
    if unknown := sorted(found.keys() - wanted.keys()):
        raise UnsafeArchive(WEIGHTS, f"the model has no tensors {ascii(unknown[:5])}", _MEND_MODEL)
    for name, shape in wanted.items():
        if found[name] != shape:
            what = f"{name} has the shape {found[name]}, the model's is {shape}"
            raise UnsafeArchive(WEIGHTS, what, _MEND_MODEL)


def _check_embeddings(
    section: dict[str, Any], vocabulary: Vocabulary, state: dict[str, torch.Tensor]
) -> None:
    """AllenNLP's embedding takes memory even where the others take none."""
    embedders = section.get("text_field_embedder", {}).get("token_embedders", {})
    for name, each in embedders.items():
        if isinstance(each, dict) and each.get("type") == "embedding":
            rows = each.get("num_embeddings")
            if rows is None:
                rows = vocabulary.get_vocab_size(each.get("vocab_namespace", "tokens"))
            tensor = f"text_field_embedder.token_embedder_{name}.weight"
            found = tuple(state[tensor].shape) if tensor in state else "none"
            if found != (rows, each.get("embedding_dim")):
                what = f"{tensor} has the shape {found}, the config wants {rows} rows of "
                what += f"{each.get('embedding_dim')}"
                raise UnsafeArchive(WEIGHTS, what, _MEND_MODEL)


def _build(
    files: dict[str, bytes],
    config: Params,
    state: dict[str, torch.Tensor],
    limits: Limits,
    cuda_device: int,
) -> tuple[Model, DatasetReader, DatasetReader]:
    vocabulary = _read_vocabulary(files, config.get("vocabulary"), limits)
    section = config.get("model")
    _check_embeddings(section.as_dict(quiet=True), vocabulary, state)
    # First without memory: a config may ask for any size.
    with torch.device("meta"):
        _check_names(Model.from_params(section.duplicate(), vocab=vocabulary), state)
    model = Model.from_params(section.duplicate(), vocab=vocabulary)
    model = model.cuda(cuda_device) if cuda_device >= 0 else model.cpu()
    model.load_state_dict(state)
    # The folder in a reader is that of the archive; here is none.
    readers = _load_dataset_readers(config.duplicate(), serialization_dir=None)
    return model, *readers


def _build_trusted(
    files: dict[str, bytes], config: Params, state: dict[str, torch.Tensor], cuda_device: int
) -> tuple[Model, DatasetReader, DatasetReader]:
    """As AllenNLP does it, in a folder of our own. The weights are written anew: what is read is
    what was checked.
    """
    with tempfile.TemporaryDirectory(prefix="bilstm_tagger-") as name:
        folder = Path(name)
        for file, data in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(data)
        torch.save(state, folder / WEIGHTS)
        readers = _load_dataset_readers(config.duplicate(), name)
        model = _load_model(config.duplicate(), str(folder / WEIGHTS), name, cuda_device)
    return model, *readers


def _read_meta(data: bytes) -> Meta:
    version = parse_json(data, META).get("version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version[:40]):
        raise UnsafeArchive(META, "it names no version of AllenNLP", MEND_DAMAGED)
    return Meta(version)


def load_safely(
    path: AnyPath,
    trust: bool = False,
    *,
    cuda_device: int = -1,
    overrides: Union[str, dict[str, Any]] = "",
    weights_file: Optional[AnyPath] = None,
    limits: Limits = Limits(),  # noqa: B008  (frozen)
) -> Archive:
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

    `UnsafeArchive`, for everything that is refused. `FileNotFoundError`.
    """
    import bilstm_tagger.plugin  # noqa: F401  (registers the components)

    try:
        files = read_members(path, limits, extras=trust)
        config = read_config(files[CONFIG], overrides, trust)
        meta = _read_meta(files[META]) if META in files else None
        weights, where = files.pop(WEIGHTS), WEIGHTS
        if weights_file is not None:
            weights, where = Path(weights_file).read_bytes(), str(weights_file)
        state = read_weights(weights, limits, trust, where)
        del weights
        params = Params(config)
        if trust:
            built = _build_trusted(files, params, state, cuda_device)
        else:
            try:
                built = _build(files, params, state, limits, cuda_device)
            except UnsafeArchive:
                raise
            except Exception as error:  # of any constructor
                what = f"no model can be made of it ({type(error).__name__}: {error})"
                raise UnsafeArchive(CONFIG, what, _MEND_MODEL) from error
    except UnsafeArchive as error:
        error.archive = path
        raise
    if meta is not None:
        _check_version_compatibility(path, meta)
    model, reader, validation_reader = built
    return Archive(model, params, reader, validation_reader, meta)
