"""Vectors of tokens in their sentence, by a frozen model, computed once."""

import hashlib
import inspect
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Optional, Union

import numpy
import torch
from allennlp.common.checks import ConfigurationError
from allennlp.modules import ScalarMix, TokenEmbedder
from allennlp.modules.elmo_lstm import ElmoLstm
from allennlp.modules.token_embedders import (
    ElmoTokenEmbedder,
    PretrainedTransformerMismatchedEmbedder,
)
from torch import Tensor

from bilstm_tagger.plugin.modules.vector_cache import VectorCache

_LARGEST = float(torch.finfo(torch.half).max)
LAYERS = ("mix", "mean", "last", "all")


class _Selection(torch.nn.Module):
    """What is taken of the layers of a model, in place of AllenNLP's mix of them."""

    def __init__(self, layers: Union[str, int]) -> None:
        super().__init__()
        self._layers = layers

    def forward(self, layers: Sequence[Tensor], mask: Optional[Tensor] = None) -> Tensor:
        """Layers, each `(batch, length, size)`, to `(batch, length, size)`, or `(batch, length,
        number * size)` where all of them are wanted."""
        if isinstance(self._layers, int):
            return layers[self._layers - 1]
        if self._layers == "last":
            return layers[-1]
        every = list(layers)
        return torch.stack(every).mean(0) if self._layers == "mean" else torch.cat(every, -1)


@TokenEmbedder.register("contextual")
class ContextualEmbedder(TokenEmbedder):
    """Vectors of a frozen model that reads the whole sentence: a transformer or an ELMo. With a
    cache, the vectors of a sentence are computed once, and read from disk in all later epochs and
    trainings.

    The model is never trained, and drops nothing. Its weights are in the archive. The cache is used
    from the first step of a training to its end, and not where a stored model tags.

    Registered as a `TokenEmbedder` with name "contextual".

    # Parameters

    embedder : `TokenEmbedder`
        The model: "pretrained_transformer_mismatched", "elmo_token_embedder", or, of which the
        output is taken as it is, any other.
    layers : `Union[str, int]`, optional (default=`"mix"`)
        Of the layers of the model: "mix", a weighted mean whose weights are learned (Peters et al.
        2018, equation 1), "mean", "last", "all" of them beside each other, or one of them, counted
        from 1. The first layer of ELMo is that of single words; the input vectors of a transformer
        are no layer.
    projection_dim : `int`, optional (default=`None`)
        The size to which the vectors are projected. `None`: they are not.
    dropout : `float`, optional (default=`0.0`)
        Of the vectors, before the projection.
    cache : `str`, optional (default=`None`)
        The folder of the cache. What it has is found by the weights and settings of the model, the
        layers, and the sentence, so that several models may share a folder. Vectors are kept in
        half precision. `None`: no cache.
    """

    def __init__(
        self,
        embedder: TokenEmbedder,
        layers: Union[str, int] = "mix",
        projection_dim: Optional[int] = None,
        dropout: float = 0.0,
        cache: Optional[str] = None,
    ) -> None:
        super().__init__()
        number, size = _take_layers(embedder, layers)
        self.embedder = embedder.requires_grad_(False).eval()
        several = layers in ("mix", "all") and number > 1
        self.vector_size = size * (number if several else 1)
        self.mix = ScalarMix(number) if layers == "mix" and number > 1 else None
        self.dropout = torch.nn.Dropout(dropout)
        self.output_dim = size if self.mix is not None else self.vector_size
        self.projection: Optional[torch.nn.Linear] = None
        if projection_dim is not None:
            if projection_dim < 1:
                raise ConfigurationError(f"projection_dim must be positive, found {projection_dim}")
            self.projection = torch.nn.Linear(self.output_dim, projection_dim)
            self.output_dim = projection_dim
        if cache == "":
            raise ConfigurationError("cache is empty; name a folder, or set it to null")
        self._cache_path = cache
        self._cache: Optional[VectorCache] = None
        self._is_trained = False

    def open_cache(self) -> Optional[VectorCache]:
        """The cache, if there is one. Not before the model has its weights, by which it is known.

        # Errors

        `ConfigurationError` where the folder cannot be made or written.
        """
        if self._cache is None and self._cache_path is not None:
            folder = Path(self._cache_path, _identity(self.embedder))
            try:
                folder.mkdir(parents=True, exist_ok=True)
                if not os.access(folder, os.W_OK):
                    raise PermissionError("it cannot be written")
            except OSError as error:
                raise _unusable(folder, error) from None
            self._cache = VectorCache(folder, self.vector_size)
        return self._cache

    def close_cache(self) -> None:
        """The training has ended: what the model sees from now on is not kept."""
        self._is_trained = False

    def get_output_dim(self) -> int:
        return self.output_dim

    def train(self, mode: bool = True) -> "ContextualEmbedder":
        """As of every module; the frozen model stays in evaluation mode."""
        super().train(mode)
        self.embedder.eval()
        self._is_trained |= mode
        return self

    # AllenNLP passes all tensors of the indexer by name where there is more than one parameter.
    def forward(self, *_: None, **tensors: Tensor) -> Tensor:
        """What the indexer of the model gives, to vectors `(batch, length, output_dim)`."""
        vectors = self._vectors(tensors)
        if self.mix is not None:
            vectors = self.mix(vectors.chunk(self.mix.mixture_size, -1))
        vectors = self.dropout(vectors)
        return vectors if self.projection is None else self.projection(vectors)

    @torch.no_grad()
    def _vectors(self, tensors: dict[str, Tensor]) -> Tensor:
        """`(batch, length, vector_size)`, from the cache, or computed."""
        if self._cache_path is None:
            return self._computed(tensors)
        cache = self.open_cache() if self._is_trained else None
        if cache is None:  # the text is the user's, and of no training
            return _rounded(self._computed(tensors))
        try:
            return self._cached(tensors, cache)
        except OSError as error:
            raise _unusable(cache.folder, error) from None

    def _cached(self, tensors: dict[str, Tensor], cache: VectorCache) -> Tensor:
        tokens = tensors.get("mask", next(iter(tensors.values())))
        device, length = tokens.device, tokens.size(1)
        keys, lengths = _keys(tensors), _lengths(tokens)
        vectors = [cache.get(key) for key in keys]
        missing = {key: row for row, key in enumerate(keys) if vectors[row] is None}
        if missing:
            rows = torch.tensor(list(missing.values()), device=device)
            computed = _rounded(self._computed({k: v[rows] for k, v in tensors.items()}))
            for (key, row), of_row in zip(missing.items(), computed.cpu().numpy(), strict=True):
                cache.add(key, of_row[: lengths[row]])
        batch = numpy.zeros((len(keys), length, self.vector_size), numpy.float16)
        for row, key in enumerate(keys):
            batch[row, : lengths[row]] = cache.get(key) if key in missing else vectors[row]
        return torch.from_numpy(batch).to(device).float()

    def _computed(self, tensors: dict[str, Tensor]) -> Tensor:
        try:
            inspect.signature(self.embedder.forward).bind(**tensors)
        except TypeError as error:
            raise ConfigurationError(
                f"the token indexer of a 'contextual' embedder does not fit its model "
                f"({error}): an ELMo has 'elmo_characters', others the same name"
            ) from None
        if isinstance(self.embedder, PretrainedTransformerMismatchedEmbedder):
            transformer = self.embedder._matched_embedder
            most = getattr(transformer.config, "max_position_embeddings", None)
            pieces = tensors["token_ids"].size(1)
            if transformer._max_length is None and most and pieces > most:
                raise ConfigurationError(
                    f"a sentence has {pieces} word pieces, but the transformer reads {most}; set "
                    f"max_length: {most} of the token indexer and of the embedder, which then read "
                    "it in parts"
                )
        return self.embedder(**tensors)


def _take_layers(embedder: TokenEmbedder, layers: Union[str, int]) -> tuple[int, int]:
    """Has an embedder give these of its layers, beside each other where there are several; the
    number of layers that it has, and the size of one."""
    transformer = elmo = None
    number, size = 1, embedder.get_output_dim()
    if isinstance(embedder, PretrainedTransformerMismatchedEmbedder):
        transformer = embedder._matched_embedder
        number, size = transformer.config.num_hidden_layers, transformer.config.hidden_size
    elif isinstance(embedder, ElmoTokenEmbedder):
        elmo = embedder._elmo
        number, size = elmo._elmo_lstm.num_layers, elmo.get_output_dim()
    if layers not in LAYERS and not (type(layers) is int and 1 <= layers <= number):
        wanted = f"{', '.join(LAYERS)} or a number from 1 to {number}"
        raise ConfigurationError(f"layers must be {wanted}, found {layers!r}")
    selection = _Selection("all" if layers == "mix" else layers)
    if transformer is not None:
        if transformer._scalar_mix is not None:
            raise _belongs_to_layers("last_layer_only")
        transformer._scalar_mix = selection
        transformer.config.output_hidden_states = True
    elif elmo is not None:
        mix = elmo.scalar_mix_0
        if embedder._projection is not None:
            raise ConfigurationError(
                "the embedder of a 'contextual' one has a projection_dim; set that of the "
                "contextual one instead"
            )
        if mix.do_layer_norm or not mix.gamma.requires_grad:
            raise _belongs_to_layers("do_layer_norm and scalar_mix_parameters")
        elmo.scalar_mix_0 = selection
        elmo._scalar_mixes[0] = selection
        # Else the vectors of a sentence would depend on those before it.
        elmo._elmo_lstm._elmo_lstm.register_forward_pre_hook(_forget)
    return number, size


def _unusable(folder: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"the cache of a 'contextual' embedder cannot be used, {folder}: "
        f"{error.strerror or error}; name another folder as its 'cache', or set that to null"
    )


def _belongs_to_layers(setting: str) -> ConfigurationError:
    return ConfigurationError(
        f"leave {setting} of the embedder of a 'contextual' one out: 'layers' of the contextual "
        "one says what is taken of its layers"
    )


def _forget(lstm: ElmoLstm, _: tuple[Tensor, ...]) -> None:
    lstm.reset_states()


def _identity(embedder: TokenEmbedder) -> str:
    """What the vectors depend on besides the sentence: settings, those of the layers among them,
    and weights."""
    digest = hashlib.sha256()
    for module in embedder.modules():
        settings = {k: v for k, v in vars(module).items() if isinstance(v, str | int | float)}
        for name in ("training", "train_parameters", "name_or_path"):  # of no influence
            settings.pop(name, None)
        digest.update(f"{type(module).__qualname__} {sorted(settings.items())}".encode())
    for name, tensor in embedder.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def _lengths(tokens: Tensor) -> list[int]:
    """Of the sentences, by a tensor that is 0 behind their last token."""
    there = (tokens != 0).flatten(2).any(-1) if tokens.dim() > 2 else tokens != 0
    places = torch.arange(1, there.size(1) + 1, device=tokens.device)
    lengths: list[int] = (there * places).amax(1).tolist()
    return lengths


def _keys(tensors: dict[str, Tensor]) -> list[bytes]:
    """Of each sentence a number that stands for all that the model sees of it; how far it is padded
    has no influence."""
    arrays = dict(sorted(tensors.items()))
    # Of word pieces that are read in parts, the first of the two has their length.
    mask = arrays.get("segment_concat_mask", arrays.get("wordpiece_mask"))
    for name in ("token_ids", "type_ids"):
        if mask is not None and name in arrays:
            arrays[name] = arrays[name].masked_fill(~mask, 0)
    rows = {name: tensor.cpu().numpy() for name, tensor in arrays.items()}
    keys = []
    for row in range(len(next(iter(rows.values())))):
        digest = hashlib.blake2b(digest_size=16)
        for name, array in rows.items():
            content = array[row].tobytes().rstrip(b"\0")
            digest.update(f"{name} {len(content)} ".encode() + content)
        keys.append(digest.digest())
    return keys


def _rounded(vectors: Tensor) -> Tensor:
    """To half precision, as of the cache, whether they come from there or not."""
    if not bool((vectors.abs() <= _LARGEST).all()):
        raise ConfigurationError(
            "the model of a 'contextual' embedder gives numbers that half precision cannot hold, "
            "or that are not finite; set its cache to null"
        )
    return vectors.half().float()
