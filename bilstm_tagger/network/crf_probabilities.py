"""Probabilities of tags, of sequences of tags and of spans, by any model of a linear chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from bilstm_tagger.network import crf_functional
from bilstm_tagger.network.crf_functional import Potentials
from bilstm_tagger.network.n_best import NBest, n_best
from bilstm_tagger.network.span_rules import SentenceSpan, SpanRules

# Instead of the probability 0, as a divisor.
_TINY = torch.finfo(torch.double).tiny


class _Chain(NamedTuple):
    """The distribution as a Markov chain. In logarithms, tag j follows tag i at position t with
    probability `transitions[i, j] + emitted[t + 1, j] - following[t, i]`."""

    marginals: Tensor  # (length, batch, tags), 0 on padding
    transitions: Tensor  # (tags, tags)
    emitted: Tensor  # (length, batch, tags): the sum over all that a tag and its future may be
    following: Tensor  # (length, batch, tags): the same without the tag; infinity for a dead end


class Neighbours(NamedTuple):
    """What the neighbours of a tag are, given the tag: probabilities, (batch, length, tags).

    # Parameters

    marginals : `Tensor`
        Of the tag itself; 0 on padding.
    starting : `Tensor`
        That a span starts at it.
    adjacent : `Tensor`
        That one does, and the tag before it has the same label.
    ending : `Tensor`
        That the tag behind it does not continue its span.
    """

    marginals: Tensor
    starting: Tensor
    adjacent: Tensor
    ending: Tensor


@dataclass(eq=False)
class TagDistribution:
    """
    The distribution over the sequences of tags of each sentence of a batch: that of a conditional
    random field, or of independent tags, which is one without transition scores; among permitted
    sequences only, where some are forbidden. All results are in double precision, whatever the
    scores are in, without gradients, and 0, or minus infinity, for what is forbidden.

    # Parameters

    potentials : `Potentials`
        The scores of a sequence; minus infinity is forbidden.

    # Errors

    All methods: `ValueError` if no sequence is permitted for the length of a sentence, or if
    scores are not finite.
    """

    potentials: Potentials

    def __post_init__(self) -> None:
        emissions, transitions, start, end = (
            scores.detach().double() for scores in self.potentials[:4]
        )
        padding = self.potentials.padding
        self.potentials = Potentials(emissions, transitions, start, end, padding)

    def marginals(self) -> Tensor:
        """The probability of each tag of each token: (batch, length, tags), 0 on padding (Rabiner
        1989, equation 27)."""
        return self._chain.marginals.transpose(0, 1).contiguous()

    @torch.no_grad()
    def log_probabilities(self, tags: Tensor) -> Tensor:
        """
        The logarithm of the probability of a whole sequence of tags of each sentence: (batch,).

        # Parameters

        tags : `Tensor`, (batch, length) long
            Whatever it is on padding has no influence.
        """
        emissions, *_, padding = self.potentials
        if tags.shape != emissions.shape[:2] or tags.dtype != torch.long:
            raise ValueError(
                f"tags must be long {tuple(emissions.shape[:2])}, "
                f"not {tags.dtype} {tuple(tags.shape)}"
            )
        if padding is not None:
            tags = tags * padding.valid.t()
        found = crf_functional.log_likelihood(self.potentials, tags)
        if bool(found.isnan().any()):
            raise ValueError("scores are not finite")
        return found.clamp(max=0.0)  # rounding may leave a certain sequence a trifle above

    def n_best(self, k: int) -> NBest:
        """The `k` most probable sequences of tags of each sentence: see `n_best`."""
        return n_best(self.potentials, k)

    @torch.no_grad()
    def span_probabilities(self, spans: Sequence[SentenceSpan], rules: SpanRules) -> Tensor:
        """
        The probability that exactly these spans, no longer and no shorter, are read in the tags
        of their sentences: (spans,). It is the sum over all sequences of tags that the span is
        read in, valid in the encoding or not (the constrained forward-backward algorithm, Culotta
        & McCallum 2004, "Confidence Estimation for Information Extraction"). A span with a label
        that no tag has gets 0.

        The sums over what is before and behind a span are those of the whole batch; for each span
        there remain one step for each of its tokens, over the tags of its label, and memory for
        about `4 * tags * n` numbers, `n` the tags of a label.

        # Parameters

        spans : `Sequence[SentenceSpan]`
            Spans, in any order, which may overlap.
        rules : `SpanRules`
            How spans are read.

        # Errors

        `ValueError` also for a span that is not within the tokens of a sentence, and for rules of
        another number of tags.
        """
        emissions, *_, padding = self.potentials
        batch, length, size = emissions.shape
        if len(rules.continues) != size:
            raise ValueError(f"the rules are of {len(rules.continues)} tags, the scores of {size}")
        lengths = [length] * batch if padding is None else (padding.last + 1).tolist()
        for span in spans:
            if not 0 <= span.sentence < batch:
                raise ValueError(f"{span} is of no sentence: there are {batch}")
            if not 0 <= span.first <= span.last < lengths[span.sentence]:
                raise ValueError(
                    f"{span} is not within its sentence of {lengths[span.sentence]} tokens"
                )
        found = torch.zeros(len(spans), dtype=torch.double, device=emissions.device)
        # The longest first: those that a step is left for are then the first ones.
        order = sorted(
            (index for index, span in enumerate(spans) if span.label in rules.labels),
            key=lambda index: spans[index].first - spans[index].last,
        )
        if order:
            rows = [
                (sentence, first, last, rules.labels[label])
                for sentence, first, last, label in map(spans.__getitem__, order)
            ]
            where = torch.tensor(rows, device=emissions.device).t()
            ends = torch.tensor(lengths, device=emissions.device)[where[0]] - 1
            found[order] = _span_log_probabilities(self._chain, rules, where, ends).exp()
        return found.clamp_(max=1.0)

    @torch.no_grad()
    def neighbours(self, rules: SpanRules) -> Neighbours:
        """
        Whether spans start and end at each tag of each token, given that tag.

        # Parameters

        rules : `SpanRules`
            How spans are read.
        """
        marginals, transitions, emitted, following = self._chain
        device = transitions.device
        label_of = rules.label_of.to(device)
        starts, continues = rules.starts.to(device), rules.continues.to(device)
        same = starts[:-1] & (label_of.unsqueeze(1) == label_of)
        starting, adjacent, going = (torch.zeros_like(marginals) for _ in range(3))
        starting[0] = starts[-1].to(marginals)
        for position in range(1, len(marginals)):
            before, here = marginals[position - 1], marginals[position]
            origins = (before.log() - following[position - 1]).unsqueeze(2)
            # (batch, from, to): the probability of both tags.
            pairs = (origins + transitions + emitted[position].unsqueeze(1)).exp()
            starting[position] = (pairs * starts[:-1]).sum(1) / here.clamp(min=_TINY)
            adjacent[position] = (pairs * same).sum(1) / here.clamp(min=_TINY)
            going[position - 1] = (pairs * continues).sum(2) / before.clamp(min=_TINY)
        if self.potentials.padding is not None:
            going[:-1] *= self.potentials.padding.valid[1:].unsqueeze(2)
        found = (marginals, starting, adjacent, 1 - going)
        return Neighbours(*(values.clamp(0.0, 1.0).transpose(0, 1) for values in found))

    @cached_property
    @torch.no_grad()
    def _chain(self) -> _Chain:
        posteriors = crf_functional.posteriors_of(self.potentials)
        if posteriors is None:
            return _log_space_chain(self.potentials)
        backward, weights = posteriors.backward, posteriors.weights
        emitted = torch.zeros_like(posteriors.joint)
        following = torch.zeros_like(posteriors.joint)
        emitted[:, 1:] = backward.log()
        following[:, :-1] = (weights @ backward.flatten(1)).view_as(backward).log()
        following.masked_fill_(following == -torch.inf, torch.inf)
        marginals = posteriors.joint * posteriors.scale
        marginals, emitted, following = (
            values.permute(1, 2, 0).contiguous() for values in (marginals, emitted, following)
        )
        return _Chain(marginals, weights.log(), emitted, following)


def _log_space_chain(potentials: Potentials) -> _Chain:
    """For scores too extreme for scaled probabilities. (The gradient of log Z, which is the
    marginals, too, would need a number for each pair of tags at each position.)"""
    transitions, padding = potentials.transitions, potentials.padding
    scores = crf_functional.position_scores(potentials).transpose(1, 2)  # (length, batch, tags)
    length = len(scores)
    emitted, following = torch.empty_like(scores), torch.zeros_like(scores)
    for position in range(length - 1, -1, -1):
        if position < length - 1:
            # (batch, from, to)
            future = (transitions + emitted[position + 1].unsqueeze(1)).logsumexp(2)
            if padding is not None:
                future.masked_fill_(~padding.valid[position + 1].unsqueeze(1), 0.0)
            following[position] = future
        total = scores[position] + following[position]
        top = total.amax(1, keepdim=True)
        if position == 0 and not bool(top.isfinite().all()):
            raise ValueError(
                "no path is permitted for the length of a sentence, or scores are not finite"
            )
        # Or else they grow with the length of a sentence, and their rounding errors with them.
        emitted[position] = total - top.clamp(min=torch.finfo(top.dtype).min)
    following.masked_fill_(following == -torch.inf, torch.inf)
    marginal = emitted[0].log_softmax(1)
    marginals = [marginal]
    for position in range(1, length):
        # (batch, to, from)
        origins = (marginal - following[position - 1]).unsqueeze(1) + transitions.t()
        marginal = (origins.logsumexp(2) + emitted[position]).log_softmax(1)
        marginals.append(marginal)
    probabilities = torch.stack(marginals).exp_()
    if padding is not None:
        probabilities.masked_fill_(~padding.valid.unsqueeze(2), 0.0)
    return _Chain(probabilities, transitions, emitted, following)


def _span_log_probabilities(chain: _Chain, rules: SpanRules, where: Tensor, ends: Tensor) -> Tensor:
    """
    # Parameters

    where : `Tensor`, (4, spans)
        Sentence, first and last token, and row of the label; the longest spans first.
    ends : `Tensor`, (spans,)
        The last token of the sentence of each span.
    """
    marginals, transitions, emitted, following = chain
    sentence, first, last, label = where
    device = transitions.device
    starts, continues = rules.starts.to(device), rules.continues.to(device)
    tags = rules.tags.to(device)[label]  # (spans, n)
    absent = tags < 0
    tags = tags.clamp(min=0)

    def take(values: Tensor, position: Tensor, count: int) -> Tensor:
        """At a position of each of the first spans, for the tags of its label."""
        return values[position, sentence[:count]].gather(1, tags[:count])

    count = len(tags)
    # Into the span: all tags that may stand before it, or the start of the sentence.
    before = (first - 1).clamp(min=0)
    origins = marginals[before, sentence].log() - following[before, sentence]  # (spans, from)
    into = transitions.masked_fill(~starts[:-1], -torch.inf).t()[tags]  # (spans, n, from)
    inside = (into + origins.unsqueeze(1)).logsumexp(2) + take(emitted, first, count)
    at_start = take(marginals, first, count).log().masked_fill(~starts[-1][tags], -torch.inf)
    inside = torch.where((first == 0).unsqueeze(1), at_start, inside)
    inside = inside.masked_fill(absent, -torch.inf)

    # Along it: one step for each token, of the spans that are as long.
    moves = transitions.masked_fill(~continues, -torch.inf)
    steps = moves[tags.unsqueeze(1), tags.unsqueeze(2)]  # (spans, to, from)
    steps = steps.masked_fill(absent.unsqueeze(2), -torch.inf)
    sizes = last - first
    longer = sizes.bincount().flip(0).cumsum(0).flip(0).tolist()  # longer[i]: of sizes from i
    for step, count in enumerate(longer[1:], 1):
        position = first[:count] + step
        origins = inside[:count] - take(following, position - 1, count)
        moved = (steps[:count] + origins.unsqueeze(1)).logsumexp(2)
        inside[:count] = moved + take(emitted, position, count)

    # Out of it: all tags that do not continue it, or the end of the sentence.
    count = len(tags)
    behind = torch.minimum(last + 1, ends)
    out = transitions.masked_fill(continues, -torch.inf)[tags]  # (spans, n, to)
    out = (out + emitted[behind, sentence].unsqueeze(1)).logsumexp(2) - take(following, last, count)
    out = out.masked_fill((last == ends).unsqueeze(1), 0.0)
    return (inside + out).logsumexp(1)
