"""The same network out of torch's own parts: what a reader of the papers would write."""

from typing import Any

import torch
from torch import Tensor

from bilstm_tagger.plugin.modules.token_embedders import WordVectorEmbedder


class PlainTagger(torch.nn.Module):
    """Word vectors, a convolution over characters, `torch.nn.LSTM` (cuDNN on a GPU) and a CRF in
    log space, for batches without padding; sizes and word vectors are those of a `BiLSTMTagger`
    with inputs `words`, `characters` and `casing`, one layer size and one task.
    """

    def __init__(self, model: Any, task: str) -> None:
        super().__init__()
        embedders = model.text_field_embedder._token_embedders
        words: WordVectorEmbedder = embedders["words"]
        encoder = embedders["characters"].encoder
        self.words = torch.nn.Embedding.from_pretrained(words.weight.detach().clone())
        self.casing = torch.nn.Embedding(*embedders["casing"].weight.shape)
        self.characters = torch.nn.Embedding(*encoder.embedding.weight.shape)
        filters, dimension, width = encoder.weight.shape
        self.convolution = torch.nn.Conv1d(dimension, filters, width, padding=width // 2)
        hidden = model.encoder.output_sizes[0] // 2
        self.dropout = torch.nn.Dropout(0.25)
        self.lstm = torch.nn.LSTM(
            model.text_field_embedder.get_output_dim(),
            hidden,
            num_layers=len(model.encoder.output_sizes),
            dropout=0.25 if len(model.encoder.output_sizes) > 1 else 0.0,
            bidirectional=True,
            batch_first=True,
        )
        tags = len(model.tasks[task].labels)
        self.scores = torch.nn.Linear(2 * hidden, tags)
        self.transitions = torch.nn.Parameter(torch.randn(tags, tags) / tags)
        self.start = torch.nn.Parameter(torch.zeros(tags))
        self.end = torch.nn.Parameter(torch.zeros(tags))

    def emissions(self, tokens: dict[str, dict[str, Tensor]]) -> Tensor:
        characters = tokens["characters"]["token_characters"]
        letters = self.characters(characters.flatten(0, 1)).transpose(1, 2)
        from_letters = self.convolution(letters).amax(2).unflatten(0, characters.shape[:2])
        # Its order of inputs is of no importance.
        features = [self.words(tokens["words"]["tokens"]), from_letters]
        features.append(self.casing(tokens["casing"]["tokens"]))
        hidden, _ = self.lstm(self.dropout(torch.cat(features, -1)))
        return self.scores(self.dropout(hidden))

    def loss(self, tokens: dict[str, dict[str, Tensor]], tags: Tensor) -> Tensor:
        emissions = self.emissions(tokens)
        score = self.start[tags[:, 0]] + self.end[tags[:, -1]]
        score = score + emissions.gather(2, tags.unsqueeze(2)).squeeze(2).sum(1)
        score = score + self.transitions[tags[:, :-1], tags[:, 1:]].sum(1)
        state = self.start + emissions[:, 0]
        for step in emissions.unbind(1)[1:]:
            state = torch.logsumexp(state.unsqueeze(2) + self.transitions, 1) + step
        return (torch.logsumexp(state + self.end, 1) - score).mean()

    def tag(self, tokens: dict[str, dict[str, Tensor]]) -> Tensor:
        emissions = self.emissions(tokens)
        state = self.start + emissions[:, 0]
        pointers = []
        for step in emissions.unbind(1)[1:]:
            best, pointer = (state.unsqueeze(2) + self.transitions).max(1)
            state = best + step
            pointers.append(pointer)
        path = [(state + self.end).argmax(1)]
        for pointer in reversed(pointers):
            path.append(pointer.gather(1, path[-1].unsqueeze(1)).squeeze(1))
        return torch.stack(path[::-1], 1)
