"""Components that were tried (docs/findings.md), as they were measured: in torch alone, and without
any care for speed. They are not part of the package.

allennlp seeds benchmarks/trials/ewt_lm.jsonnet --seeds 3 -s RUNS --include-package benchmarks.trials

The language model counts the words of the file that TRIAL_TEXT names, the training file.
"""

import math
from typing import Any, Optional

import torch
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.modules import TextFieldEmbedder, TokenEmbedder
from allennlp.modules.text_field_embedders import BasicTextFieldEmbedder
from torch import Tensor
from torch.nn import functional as F

from bilstm_tagger.network.character_encoders import CharacterEncoder
from bilstm_tagger.network.fused_lstm import reversal_indices
from bilstm_tagger.plugin.models.bilstm_tagger import BiLSTMTagger
from bilstm_tagger.plugin.modules.token_embedders.characters import CharacterEmbedder


class IntNet(CharacterEncoder):
    def __init__(self, n, embedding_dim=32, first=32, growth=32, blocks=3, widths=(3, 5)):
        super().__init__(n, embedding_dim, first * len(widths) + growth * blocks)
        self.first = torch.nn.ModuleList(
            torch.nn.Conv1d(embedding_dim, first, w, padding=w // 2) for w in widths
        )
        size = first * len(widths)
        self.reduce, self.conv = torch.nn.ModuleList(), torch.nn.ModuleList()
        for _ in range(blocks):
            self.reduce.append(torch.nn.Conv1d(size, growth, 1))
            self.conv.append(torch.nn.Conv1d(growth, growth, 3, padding=1))
            size += growth

    def forward(self, characters):
        words, length = characters.shape
        if words == 0 or length == 0:
            return self.embedding.weight.new_zeros(words, self.output_dim)
        mask = (characters != 0).unsqueeze(1)
        x = self.embedding(characters).transpose(1, 2)
        h = torch.cat([c(x) for c in self.first], 1).masked_fill(~mask, 0.0)
        for reduce, conv in zip(self.reduce, self.conv, strict=False):
            new = conv(F.relu(reduce(F.relu(h)).masked_fill(~mask, 0.0))).masked_fill(~mask, 0.0)
            h = torch.cat([h, new], 1)
        out = h.masked_fill(~mask, -math.inf).amax(2)
        return out.masked_fill(~mask.any(2), 0.0)


@TokenEmbedder.register("trial_intnet")
class IntNetEmbedder(CharacterEmbedder):
    def __init__(
        self,
        vocab: Vocabulary,
        growth: int = 32,
        blocks: int = 3,
        namespace: str = "token_characters",
    ) -> None:
        super().__init__(
            IntNet(vocab.get_vocab_size(namespace), growth=growth, blocks=blocks), namespace
        )


_P = -7046029254386353131


def mix(x):
    x = (x ^ (x >> 29)) * -4658895280553007687
    return x ^ (x >> 32)


class Subwords(torch.nn.Module):
    """Hashed prefixes, suffixes, shape (concatenated), n-grams (mean)."""

    def __init__(self, vocab, namespace, rows, dim, affixes, ngrams, ngram_rows, ngram_dim, drop):
        super().__init__()
        self.affixes, self.ngrams, self.drop = affixes, ngrams, drop
        self.rows, self.ngram_rows = rows, ngram_rows
        n = vocab.get_vocab_size(namespace)
        cls = torch.zeros(n, dtype=torch.long)
        low = torch.arange(n)
        ids = vocab.get_token_to_index_vocabulary(namespace)
        for c, i in ids.items():
            if len(c) == 1:
                cls[i] = 2 if c.isupper() else 3 if c.islower() else 4 if c.isdigit() else 5 + i
                low[i] = ids.get(c.lower(), i)
        cls[1] = 1
        self.register_buffer("cls", cls)
        self.register_buffer("low", low)
        kinds = 2 * affixes + 1
        self.output_dim = (kinds * dim if affixes else 0) + (ngram_dim if ngrams else 0)
        if affixes:
            self.tables = torch.nn.Parameter(torch.randn(kinds * rows, dim) * 0.1)
        if ngrams:
            self.grams = torch.nn.Parameter(
                torch.cat([torch.zeros(1, ngram_dim), torch.randn(ngram_rows, ngram_dim) * 0.1])
            )

    def forward(self, characters):
        words, length = characters.shape
        if words == 0 or length == 0:
            return self.low.new_zeros(words, self.output_dim, dtype=torch.float)
        low = self.low[characters]
        lengths = (characters != 0).sum(1)
        out = []
        if self.affixes:
            keys = []
            place = torch.arange(length)
            padded = F.pad(low, (0, max(0, self.affixes - length)))
            back = low.gather(1, (lengths.unsqueeze(1) - 1 - place).clamp(min=0)) * (
                place < lengths.unsqueeze(1)
            )
            back = F.pad(back, (0, max(0, self.affixes - length)))
            for rows_ in (padded, back):
                h = torch.zeros(words, dtype=torch.long)
                for k in range(self.affixes):
                    h = h * _P + rows_[:, k]
                    keys.append(mix(h))
            h = torch.zeros(words, dtype=torch.long)
            shape = self.cls[characters]
            same = (
                F.pad((shape[:, 2:] == shape[:, 1:-1]) & (shape[:, 1:-1] == shape[:, :-2]), (2, 0))
                if length > 2
                else torch.zeros_like(shape, dtype=torch.bool)
            )
            for k in range(length):
                go = (shape[:, k] != 0) & ~same[:, k]
                h = torch.where(go, h * _P + shape[:, k], h)
            keys.append(mix(h))
            ids = torch.stack(keys, 1).remainder(self.rows) + torch.arange(len(keys)) * self.rows
            out.append(F.embedding(ids, self.tables).flatten(1))
        if self.ngrams:
            b = F.pad(low + 1, (1, 0), value=1) * F.pad(torch.ones_like(low), (1, 0), value=1)
            b = F.pad(torch.where(low == 0, 0, low + 2), (1, 1))
            b[:, 0] = 1
            b.scatter_(1, (lengths + 1).unsqueeze(1), 1)
            grams = []
            for n in self.ngrams:
                if b.size(1) < n:
                    continue
                w = b.unfold(1, n, 1)
                h = torch.zeros(w.shape[:2], dtype=torch.long)
                for k in range(n):
                    h = h * _P + w[..., k]
                real = (w != 0).all(-1)
                grams.append(torch.where(real, mix(h + n).remainder(self.ngram_rows) + 1, 0))
            grams = torch.cat(grams, 1)
            count = (grams != 0).sum(1, keepdim=True).clamp(min=1)
            out.append(F.embedding_bag(grams, self.grams, mode="sum") / count)
        return F.dropout(torch.cat(out, 1), self.drop, self.training)


@TokenEmbedder.register("trial_subwords")
class SubwordsEmbedder(CharacterEmbedder):
    def __init__(
        self,
        vocab: Vocabulary,
        rows: int = 2000,
        dim: int = 16,
        affixes: int = 4,
        ngrams: list[int] = (),
        ngram_rows: int = 20000,
        ngram_dim: int = 50,
        drop: float = 0.0,
        namespace: str = "token_characters",
    ) -> None:
        super().__init__(
            Subwords(
                vocab, namespace, rows, dim, affixes, list(ngrams), ngram_rows, ngram_dim, drop
            ),
            namespace,
        )


@TextFieldEmbedder.register("trial_basic")
class InputDropout(BasicTextFieldEmbedder):
    def __init__(
        self,
        token_embedders: dict[str, TokenEmbedder],
        input_dropout: float = 0.0,
        per: str = "token",
    ) -> None:
        super().__init__(token_embedders)
        self.p, self.per = input_dropout, per
        self.sizes = {n: e.get_output_dim() for n, e in token_embedders.items()}

    def forward(self, text_field_input, num_wrapping_dims=0, **kw):
        x = super().forward(text_field_input, num_wrapping_dims, **kw)
        if not self.training or not self.p:
            return x
        parts, start = [], 0
        for name in self._ordered_embedder_keys:
            size = self.sizes[name]
            part = x[..., start : start + size]
            start += size
            shape = part.shape[:2] + (1,) if self.per == "token" else (part.shape[0], 1, 1)
            keep = torch.empty(shape).bernoulli_(1 - self.p)
            parts.append(part * keep / (1 - self.p))
        return torch.cat(parts, -1)


class TrickEncoder(torch.nn.Module):
    def __init__(self, base, trick, heads=4):
        super().__init__()
        self.base, self.trick = base, trick
        self.output_sizes, self.input_size, self.layers = (
            base.output_sizes,
            base.input_size,
            base.layers,
        )
        sizes = base.output_sizes
        if "norm" in trick:
            self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(s) for s in sizes)
        if "attention" in trick:
            self.att = torch.nn.MultiheadAttention(sizes[-1], heads, dropout=0.1, batch_first=True)
            self.attnorm = torch.nn.LayerNorm(sizes[-1])
        if "global" in trick:
            self.glob = torch.nn.Linear(sizes[0], sizes[0])
        if "highway" in trick:
            self.gate = torch.nn.Linear(sizes[0], sizes[0])
            torch.nn.init.constant_(self.gate.bias, 1.0)

    def forward(self, inputs, lengths=None):
        base, length = self.base, inputs.size(1)
        reversal = padding = None
        if lengths is not None:
            reversal = reversal_indices(lengths, length)
            padding = (torch.arange(length).unsqueeze(1) >= lengths).unsqueeze(-1)
        hidden = inputs.transpose(0, 1).contiguous()
        outputs = []
        for k, layer in enumerate(base.layers):
            new = layer(hidden, reversal)
            if padding is not None:
                new = new.masked_fill(padding, 0.0)
            if k > 0 and "residual" in self.trick:
                new = new + hidden
            if k > 0 and "highway" in self.trick:
                t = torch.sigmoid(self.gate(hidden))
                new = t * new + (1 - t) * hidden
            if "norm" in self.trick:
                new = self.norms[k](new)
                if padding is not None:
                    new = new.masked_fill(padding, 0.0)
            hidden = new
            if k == 0 and "global" in self.trick:
                n = length if lengths is None else lengths.unsqueeze(-1)
                g = hidden.sum(0) / n
                hidden = hidden + torch.tanh(self.glob(g)).unsqueeze(0)
                if padding is not None:
                    hidden = hidden.masked_fill(padding, 0.0)
            outputs.append(hidden.transpose(0, 1))
        if "attention" in self.trick:
            x = outputs[-1]
            mask = None if padding is None else padding.squeeze(-1).t()
            a, _ = self.att(x, x, x, key_padding_mask=mask, need_weights=False)
            outputs[-1] = self.attnorm(x + F.dropout(a, 0.3, self.training))
        return outputs


@Model.register("trial_tagger")
class TrialTagger(BiLSTMTagger):
    def __init__(
        self, *args, trick: str = "", lm: float = 0.0, lm_words: int = 5000, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.lm = lm
        h = self.encoder.output_sizes[0] // 2
        if lm:
            self.lm_words = lm_words
            self.lm_hidden = torch.nn.ModuleList(torch.nn.Linear(h, 50) for _ in range(2))
            self.lm_out = torch.nn.ModuleList(torch.nn.Linear(50, lm_words + 1) for _ in range(2))
            table = torch.full((self.vocab.get_vocab_size("words"),), lm_words)
            self.register_buffer("lm_table", table)
            import collections

            counts = collections.Counter(open_words())
            ids = self.vocab.get_token_to_index_vocabulary("words")
            from bilstm_tagger.text.word_forms import known_form

            by_id = collections.Counter()
            for w, c in counts.items():
                form = known_form(w, ids)
                if form:
                    by_id[ids[form]] += c
            for row, (i, _) in enumerate(by_id.most_common(lm_words)):
                table[i] = row
        if trick:
            self.encoder = TrickEncoder(self.encoder, trick)

    def emissions(self, embedded, lengths, tasks):
        layers = [embedded] + self.encoder(embedded, lengths)
        self._first = layers[1]
        return {name: self.decoders()[name](layers, lengths) for name in tasks}

    def forward(self, tokens, labels=None, metadata=None):
        out = super().forward(tokens, labels, metadata)
        if self.lm and self.training:
            ids = self.lm_table[tokens["words"]["tokens"]]
            first = self._first
            h = first.size(-1) // 2
            if ids.size(1) > 1:
                total = 0.0
                for k, (states, goal) in enumerate(
                    ((first[:, :-1, :h], ids[:, 1:]), (first[:, 1:, h:], ids[:, :-1]))
                ):
                    logits = self.lm_out[k](torch.tanh(self.lm_hidden[k](states)))
                    total = total + F.cross_entropy(logits.flatten(0, 1), goal.flatten())
                out["loss"] = out["loss"] + self.lm * total
        return out


def open_words():
    import os

    path = os.environ["TRIAL_TEXT"]
    for line in open(path):
        parts = line.rstrip("\n").split("\t")
        if len(parts) > 1 and not line.startswith("#"):
            yield parts[1] if path.endswith("conllu") else parts[0]
