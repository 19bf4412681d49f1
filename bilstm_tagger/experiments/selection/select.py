"""Selects the sentences of a pool that are labelled next."""

import random
import time
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from typing import Optional

from bilstm_tagger.experiments.selection.candidates import Candidates
from bilstm_tagger.experiments.selection.choice import choose
from bilstm_tagger.experiments.selection.pool import Pool, PoolSentence, digest_of
from bilstm_tagger.experiments.selection.score_file import ScoreFile
from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.tagging.results import TaggedSentence
from bilstm_tagger.text.errors import UserError

RANDOM = "random"


@dataclass(frozen=True)
class SelectionPlan:
    """What is wanted."""

    strategy: str  # one of `uncertainty.MEASURES`, or `RANDOM`
    budget: int  # the number of sentences, or of tokens
    of_tokens: bool = False  # whether the budget is one of tokens
    diversity: float = 0.0  # as of `choose`
    seed: int = 0  # of random choice


@dataclass(frozen=True, slots=True)
class SelectedSentence:
    """A sentence that is labelled next, with what the model says of it as a draft."""

    rank: int  # from 1, in the order of the choice
    score: float
    pool: PoolSentence
    draft: TaggedSentence


@dataclass(frozen=True)
class Selection:
    """The sentences that are labelled next, and the number of those that were left out."""

    sentences: list[SelectedSentence]
    labelled: int  # distinct sentences of the pool that have labels
    too_long: int  # those that have more tokens than the budget


def select(
    pool: Pool,
    blocks: Iterable[Block],
    plan: SelectionPlan,
    labelled: Set[int] = frozenset(),
    scores: Optional[ScoreFile] = None,
    show: Callable[[int, float], None] = lambda sentences, seconds: None,
) -> Selection:
    """Selects sentences of a pool, which is read once, block by block.

    # Parameters

    labelled : `Set[int]`
        The digests of sentences that are left out; see `digests_of_files`.
    scores : `ScoreFile`, optional
        Where scores are kept, for the next call.
    show : `Callable[[int, float], None]`, optional
        Is told after each block the number of sentences and seconds.

    # Errors

    `DataFormatError` for a record that cannot be read, or a sentence that cannot be written,
    `UserError` for a pool without a sentence that can be chosen.
    """
    # All random numbers are drawn in the order of the pool.
    draw = random.Random(plan.seed).random
    candidates = Candidates[PoolSentence](plan.budget)
    with_labels = too_long = 0
    started = time.monotonic()
    for block in blocks:
        sentences = pool.distinct(block)
        if plan.strategy == RANDOM:
            values = [draw() for _ in sentences]
        else:
            values = _scores(pool, block.index, sentences, plan.strategy, scores)
        for sentence, value in zip(sentences, values, strict=True):
            cost = len(sentence.sentence.tokens) if plan.of_tokens else 1
            if not sentence.is_writable:
                continue
            if digest_of(sentence.sentence) in labelled:
                with_labels += 1
            elif cost > plan.budget:
                too_long += 1
            else:
                candidates.add(value, cost, sentence)
        show(pool.sentences, time.monotonic() - started)
    ranked = candidates.ranked()
    if not ranked:
        counts = f"{pool.sentences:,} sentences, {with_labels:,} with labels"
        if pool.unwritable:
            counts += f", {pool.unwritable:,} that the output cannot hold"
        raise UserError(
            f"no sentence of the pool can be chosen ({counts}, {too_long:,} longer than the "
            "number of tokens that are wanted); name another pool, or a higher number",
            pool.form_tagger.source,
        )
    numbers = choose(
        [candidate.score for candidate in ranked],
        [candidate.item.sentence.tokens for candidate in ranked],
        plan.budget,
        [candidate.cost for candidate in ranked],
        0.0 if plan.strategy == RANDOM else plan.diversity,
    )
    chosen = [ranked[number] for number in numbers]
    drafts = pool.form_tagger.tagger.tag(candidate.item.sentence for candidate in chosen)
    return Selection(
        [
            SelectedSentence(rank, candidate.score, candidate.item, draft)
            for rank, (candidate, draft) in enumerate(zip(chosen, drafts, strict=True), 1)
        ],
        with_labels,
        too_long,
    )


def _scores(
    pool: Pool,
    block: int,
    sentences: list[PoolSentence],
    measure: str,
    kept: Optional[ScoreFile],
) -> list[float]:
    """The score of each sentence of a block: the sum over the tasks."""
    if kept is not None and (known := kept.scores(block, len(sentences))) is not None:
        return known
    tagger = pool.form_tagger.tagger
    values = tagger.uncertainties((sentence.sentence for sentence in sentences), measure)
    scores = [sum(of_tasks.values()) for of_tasks in values]
    if kept is not None:
        kept.add(scores)
    return scores
