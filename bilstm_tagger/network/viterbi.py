"""The best paths through the potentials of a chain of tags."""

from itertools import pairwise

import torch
from torch import Tensor

from bilstm_tagger.network.crf_functional import Potentials, position_scores


@torch.no_grad()
def viterbi(potentials: Potentials) -> tuple[Tensor, Tensor]:
    """The best paths (Viterbi 1967), (batch, length) with 0 on padding, and their scores, (batch,).
    Of equally good paths, the last tag is the lowest, then the one before it, and so on. A
    `ValueError` if the best score of a sentence is not finite, as no path is the best then.
    """
    padding = potentials.padding
    scores = position_scores(potentials)
    length, tags, batch = scores.shape
    if padding is not None:
        scores.mul_(padding.valid.to(scores.dtype).unsqueeze(1))
    # No back-pointers: the plain maximum is many times faster than the maximum with its index,
    # and which tag it came from is asked again only along the best path.
    candidates = scores.new_empty(tags, tags, batch)  # [from, to]
    best = scores.new_empty(tags, batch)
    moves = potentials.transitions.unsqueeze(2)
    for previous, current in pairwise(scores.unbind(0)):
        torch.add(previous.unsqueeze(1), moves, out=candidates)
        current.add_(torch.amax(candidates, 0, out=best))

    into = potentials.transitions.t().contiguous()  # [to, from]
    if padding is None:
        totals = scores.transpose(1, 2).contiguous()  # (length, batch, tags)
        path_score = totals[-1].amax(1)
    else:
        # Padding has a tag of its own, which wins there alone and costs nothing to move to.
        totals = scores.new_full((length, batch, tags + 1), torch.inf)
        totals[..., tags].masked_fill_(padding.valid, -torch.inf)
        totals[..., :tags] = scores.transpose(1, 2)
        into = torch.nn.functional.pad(into, (0, 1, 0, 1))
        path_score = totals[padding.last, padding.rows].amax(1)
    if not bool(path_score.isfinite().all()):
        raise ValueError(
            "a sentence has no best path: none is permitted for its length, or the emissions or "
            "parameters are not finite"
        )
    steps = totals.unbind(0)
    path = [steps[-1].argmax(1)]
    for step in steps[-2::-1]:
        path.append(into.index_select(0, path[-1]).add_(step).argmax(1))
    best_tags = torch.stack(path[::-1], 1)
    return best_tags if padding is None else best_tags.mul_(padding.valid.t()), path_score
