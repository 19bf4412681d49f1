"""A linear-chain conditional random field over the tags of a sentence."""

from typing import Optional

import torch
from torch import Tensor

from bilstm_tagger.network import crf_functional
from bilstm_tagger.network.permitted_paths import AllowedTransitions, padding_of
from bilstm_tagger.network.viterbi import viterbi
from bilstm_tagger.network.weighted_crf import lannoy_log_likelihood


class ConditionalRandomField(torch.nn.Module):
    """
    A linear-chain conditional random field (Lafferty, McCallum & Pereira 2001) on top of the
    emissions of a neural network (Collobert et al. 2011, section 3.3.2, equation 12; Lample et
    al. 2016, section 2.2). The score of tags `y` for a sentence of length `n` is

        start_scores[y_1] + sum_t emissions[t, y_t] + sum_t transitions[y_t, y_{t+1}]
            + end_scores[y_n]

    and their probability is the softmax of it over all sequences of tags.

    All methods take `emissions`, (batch, length, num_tags), and an optional `mask`,
    (batch, length) bool, which is `True` for the tokens of a sentence and then `False` for
    padding; no mask means that there is no padding. What emissions and tags hold on padding does
    not matter, as long as emissions are finite there. Results have the wider of the floating
    dtypes of the emissions and the parameters.

    Where constraints apply, paths with a forbidden start, transition or end do not exist: they
    have no probability and are not decoded, whatever their score. If they leave no path at all
    for the length of a sentence, that is a `ValueError`.

    # Parameters

    num_tags : `int`
    allowed : `AllowedTransitions`, optional (default = `None`)
        Constraints, which decoding respects, and the other methods if asked to. They move with
        the module but are not part of its state dictionary.

    # Errors

    `ValueError`, from the constructor or a method, if the shape or dtype of an argument is wrong,
    if a mask has a row without tokens or a token after padding, or if `constrained` is asked for
    without constraints.
    """

    allowed_start: Tensor
    allowed_transitions: Tensor
    allowed_end: Tensor

    def __init__(self, num_tags: int, allowed: Optional[AllowedTransitions] = None) -> None:
        super().__init__()
        if num_tags < 1:
            raise ValueError(f"num_tags must be at least 1, not {num_tags}")
        self.num_tags = num_tags
        self.transitions = torch.nn.Parameter(torch.empty(num_tags, num_tags))
        self.start_scores = torch.nn.Parameter(torch.empty(num_tags))
        self.end_scores = torch.nn.Parameter(torch.empty(num_tags))
        self.constrained = allowed is not None
        for name in AllowedTransitions._fields:
            value = None
            if allowed is not None:
                value = getattr(allowed, name)
                shape = (num_tags,) * (2 if name == "transitions" else 1)
                if value.dtype != torch.bool or value.shape != shape:
                    raise ValueError(
                        f"allowed {name} must be bool {shape}, "
                        f"not {value.dtype} {tuple(value.shape)}"
                    )
            self.register_buffer(f"allowed_{name}", value, persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Glorot-uniform transitions; zeros for start and end."""
        torch.nn.init.xavier_uniform_(self.transitions)
        torch.nn.init.zeros_(self.start_scores)
        torch.nn.init.zeros_(self.end_scores)

    def log_likelihood(
        self,
        emissions: Tensor,
        tags: Tensor,
        mask: Optional[Tensor] = None,
        constrained: bool = False,
        transition_weights: Optional[Tensor] = None,
    ) -> Tensor:
        """
        `log p(tags | emissions)` of each sentence: (batch,). Differentiable once with respect to
        the emissions and the parameters.

        # Parameters

        tags : `Tensor`, (batch, length) long
        constrained : `bool`, optional (default = `False`)
            Whether the probability is among permitted paths only. It is 0, and its logarithm
            minus infinity, for tags that are not permitted themselves.
        transition_weights : `Tensor`, (num_tags,), optional
            What the transitions from each tag are multiplied by.
        """
        potentials = self._potentials(emissions, mask, constrained, transition_weights)
        return crf_functional.log_likelihood(potentials, _checked(tags, potentials))

    def lannoy_log_likelihood(
        self, emissions: Tensor, tags: Tensor, weights: Tensor, mask: Optional[Tensor] = None
    ) -> Tensor:
        """
        The log-likelihood of each sentence, (batch,), in which the terms of each token are
        multiplied by the weight of its tag, (num_tags,); see `weighted_crf`. Differentiable.
        """
        potentials = self._potentials(emissions, mask, constrained=False)
        return lannoy_log_likelihood(potentials, _checked(tags, potentials), weights)

    def marginal_log_likelihood(
        self,
        emissions: Tensor,
        possible: Tensor,
        mask: Optional[Tensor] = None,
        transition_weights: Optional[Tensor] = None,
    ) -> Tensor:
        """
        The logarithm of the probability of all paths together that agree with what is known of the
        tags, and, if there are constraints, are permitted: (batch,) (Tsuboi et al. 2008, "Training
        Conditional Random Fields Using Incomplete Annotations", equation 4; Bellare & McCallum
        2007). Minus infinity, without a gradient, where there is no such path. Differentiable once
        with respect to the emissions and the parameters.

        # Parameters

        possible : `Tensor`, (batch, length, num_tags) bool
            The tags that each token may have, at least one.
        transition_weights : `Tensor`, (num_tags,), optional
            What the transitions from each tag are multiplied by.
        """
        if possible.shape != emissions.shape or possible.dtype != torch.bool:
            raise ValueError(
                f"possible must be bool {tuple(emissions.shape)}, "
                f"not {possible.dtype} {tuple(possible.shape)}"
            )
        excluded = ~possible if mask is None else ~possible & mask.unsqueeze(2)
        known = self._potentials(
            emissions.masked_fill(excluded, -torch.inf), mask, self.constrained, transition_weights
        )
        everything = self._potentials(emissions, mask, False, transition_weights)
        return crf_functional.log_partition(known) - crf_functional.log_partition(everything)

    def expected_log_likelihood(
        self,
        emissions: Tensor,
        chances: Tensor,
        mask: Optional[Tensor] = None,
        transition_weights: Optional[Tensor] = None,
    ) -> Tensor:
        """
        The expectation of `log p(tags | emissions)` of each sentence, (batch,), for tags that have
        probabilities and do not depend on one another. Its gradient with respect to the emissions
        is `chances` less the posterior probabilities: emissions learn these (distillation, Hinton
        et al. 2015, arXiv 1503.02531, of the marginal probabilities of a CRF). Differentiable once
        with respect to the emissions and the parameters.

        # Parameters

        chances : `Tensor`, (batch, length, num_tags) floating
            The probabilities of the tags of each token.
        transition_weights : `Tensor`, (num_tags,), optional
            What the transitions from each tag are multiplied by.
        """
        if chances.shape != emissions.shape or not chances.is_floating_point():
            raise ValueError(
                f"chances must be floating {tuple(emissions.shape)}, "
                f"not {chances.dtype} {tuple(chances.shape)}"
            )
        potentials = self._potentials(emissions, mask, False, transition_weights)
        expected = crf_functional.expected_scores(potentials, chances.to(potentials.emissions))
        return expected - crf_functional.log_partition(potentials)

    def log_partition(
        self, emissions: Tensor, mask: Optional[Tensor] = None, constrained: bool = False
    ) -> Tensor:
        """
        `log Z`, the logarithm of the sum over all paths of the exponential of their scores:
        (batch,); constrained, over permitted paths only. Differentiable once with respect to the
        emissions and the parameters.
        """
        potentials = self._potentials(emissions, mask, constrained)
        log_partition = crf_functional.log_partition(potentials)
        crf_functional.check_permitted(log_partition)
        return log_partition

    def marginals(
        self, emissions: Tensor, mask: Optional[Tensor] = None, constrained: bool = False
    ) -> Tensor:
        """
        The posterior probability of each tag of each token, all other tags summed out:
        (batch, length, num_tags); constrained, over permitted paths only. The tags of a token sum
        to 1; padding has zeros. Not differentiable.
        """
        return crf_functional.marginals(self._potentials(emissions, mask, constrained))

    def viterbi(
        self,
        emissions: Tensor,
        mask: Optional[Tensor] = None,
        constrained: Optional[bool] = None,
    ) -> tuple[Tensor, Tensor]:
        """
        The best path of each sentence, (batch, length) long with 0 on padding, and its score,
        (batch,). Of paths with the same score, the one with the lowest last tag is taken, then
        with the lowest tag before it, and so on. Not differentiable.

        # Parameters

        constrained : `bool`, optional (default = `None`)
            Whether paths must be permitted; `None` is yes if there are constraints.

        # Errors

        `ValueError` also if the best score of a sentence is not finite, as no path is the best
        then.
        """
        if constrained is None:
            constrained = self.constrained
        return viterbi(self._potentials(emissions, mask, constrained))

    def _potentials(
        self,
        emissions: Tensor,
        mask: Optional[Tensor],
        constrained: bool,
        transition_weights: Optional[Tensor] = None,
    ) -> crf_functional.Potentials:
        """Checks the arguments, brings all to one dtype and applies constraints."""
        if emissions.dim() != 3 or emissions.shape[2] != self.num_tags or not emissions.numel():
            raise ValueError(
                f"emissions must be (batch, length, {self.num_tags}) and not empty, "
                f"not {tuple(emissions.shape)}"
            )
        padding = None if mask is None else padding_of(mask, emissions)
        moves: Tensor = self.transitions
        if transition_weights is not None:
            moves = moves * transition_weights.unsqueeze(1)
        scores: tuple[Tensor, ...] = (moves, self.start_scores, self.end_scores)
        if constrained:
            if not self.constrained:
                raise ValueError("constrained, but the module was created without constraints")
            allowed = self.allowed_transitions, self.allowed_start, self.allowed_end
            scores = tuple(
                score.masked_fill(~permitted, -torch.inf)
                for score, permitted in zip(scores, allowed, strict=True)
            )
        dtype = torch.promote_types(emissions.dtype, self.transitions.dtype)
        transitions, start, end = (score.to(dtype) for score in scores)
        return crf_functional.Potentials(emissions.to(dtype), transitions, start, end, padding)


def _checked(tags: Tensor, potentials: crf_functional.Potentials) -> Tensor:
    """Tags of the right shape and dtype, which are within range on padding, too."""
    shape = potentials.emissions.shape[:2]
    if tags.shape != shape or tags.dtype != torch.long:
        raise ValueError(f"tags must be long {tuple(shape)}, not {tags.dtype} {tuple(tags.shape)}")
    padding = potentials.padding
    return tags if padding is None else tags * padding.valid.t()
