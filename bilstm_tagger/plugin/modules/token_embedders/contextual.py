"""Vectors of tokens in their sentence, by a frozen model, computed once."""

import hashlib
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
        if self._layers == "mean":
            return torch.stack(list(layers)).mean(0)
        return torch.cat(list(layers), -1)


@TokenEmbedder.register("contextual")
class ContextualEmbedder(TokenEmbedder):
    """Vectors of a frozen model that reads the whole sentence: a transformer or an ELMo. With a
    cache, the vectors of a sentence are computed once, and read from disk in all later epochs and
    trainings.

    The model is never trained, and drops nothing. In an archive it is complete; the cache is used
    in training only.

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
        self.embedder = embedder.requires_grad_(False).eval()
        number, size = _take_layers(embedder, layers)
        several = layers in ("mix", "all") and number > 1
        self.vector_size = size * (number if several else 1)
        self.mix = ScalarMix(number) if layers == "mix" and number > 1 else None
        self.dropout = torch.nn.Dropout(dropout)
        self.output_dim = size if self.mix is not None else self.vector_size
        self.projection: Optional[torch.nn.Linear] = None
        if projection_dim is not None:
            self.projection = torch.nn.Linear(self.output_dim, projection_dim)
            self.output_dim = projection_dim
        self._is_trained = False
        self.cache: Optional[VectorCache] = None
        if cache is not None:
            self.cache = VectorCache(Path(cache, _identity(embedder)), self.vector_size)

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
        if self.cache is None:
            return self.embedder(**tensors)
        if not self._is_trained:  # the text is the user's, and of no training
            return _rounded(self.embedder(**tensors))
        tokens = tensors.get("mask", next(iter(tensors.values())))
        device, length = tokens.device, tokens.size(1)
        keys, lengths = _keys(tensors), _lengths(tokens)
        missing = {key: row for row, key in enumerate(keys) if self.cache.get(key) is None}
        if missing:
            rows = torch.tensor(list(missing.values()), device=device)
            computed = _rounded(self.embedder(**{k: v[rows] for k, v in tensors.items()}))
            for (key, row), vectors in zip(missing.items(), computed.cpu().numpy(), strict=True):
                self.cache.add(key, vectors[: lengths[row]])
        batch = numpy.zeros((len(keys), length, self.vector_size), numpy.float16)
        for row, key in enumerate(keys):
            batch[row, : lengths[row]] = self.cache.get(key)
        return torch.from_numpy(batch).to(device).float()


def _take_layers(embedder: TokenEmbedder, layers: Union[str, int]) -> tuple[int, int]:
    """Has an embedder give these of its layers, beside each other where there are several; the
    number of layers that it has, and the size of one."""
    selection = _Selection("all" if layers == "mix" else layers)
    if isinstance(embedder, PretrainedTransformerMismatchedEmbedder):
        transformer = embedder._matched_embedder
        number, size = transformer.config.num_hidden_layers, transformer.config.hidden_size
        transformer._scalar_mix = selection
        transformer.config.output_hidden_states = True
    elif isinstance(embedder, ElmoTokenEmbedder):
        elmo = embedder._elmo
        if embedder._projection is not None or len(elmo._scalar_mixes) != 1:
            raise ConfigurationError(
                "the embedder of a 'contextual' one has a projection_dim; set that of the "
                "contextual one instead"
            )
        number, size = elmo._elmo_lstm.num_layers, elmo.get_output_dim()
        elmo.scalar_mix_0 = selection
        elmo._scalar_mixes[0] = selection
        # Else the vectors of a sentence would depend on those before it.
        elmo._elmo_lstm._elmo_lstm.register_forward_pre_hook(_forget)
    else:
        number, size = 1, embedder.get_output_dim()
    if layers not in LAYERS and not (type(layers) is int and 1 <= layers <= number):
        raise ConfigurationError(
            f"layers must be {', '.join(LAYERS)} or a number from 1 to {number}, found {layers!r}"
        )
    return number, size


def _forget(lstm: ElmoLstm, _: tuple[Tensor, ...]) -> None:
    lstm.reset_states()


def _identity(embedder: TokenEmbedder) -> str:
    """What the vectors depend on besides the sentence: settings, those of the layers among them,
    and weights."""
    digest = hashlib.sha256()
    simple = (str, int, float, bool)
    for module in embedder.modules():
        settings = {k: v for k, v in vars(module).items() if isinstance(v, simple)}
        settings.pop("training")
        digest.update(f"{type(module).__qualname__} {sorted(settings.items())}".encode())
    for name, tensor in embedder.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def _lengths(tokens: Tensor) -> list[int]:
    """Of the sentences, by a tensor that is 0 where there is no token."""
    mask = (tokens != 0).flatten(2).any(-1) if tokens.dim() > 2 else tokens != 0
    lengths: list[int] = mask.sum(1).tolist()
    return lengths


def _keys(tensors: dict[str, Tensor]) -> list[bytes]:
    """Of each sentence a number that stands for all that the model sees of it; how far it is padded
    has no influence."""
    arrays = dict(sorted(tensors.items()))
    if "wordpiece_mask" in arrays:
        for name in ("token_ids", "type_ids"):
            if name in arrays:
                arrays[name] = arrays[name].masked_fill(~arrays["wordpiece_mask"], 0)
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
