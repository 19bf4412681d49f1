"""The best sentences of a pool of any size, in bounded memory."""

import heapq
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")
# Candidates cost as much as this number of budgets: more of them leave more room for diversity.
BUDGETS = 10


class Candidate(NamedTuple, Generic[Item]):
    """A sentence that may be chosen."""

    score: float
    number: int  # in the order of the pool, from 0
    cost: int
    item: Item


class Candidates(Generic[Item]):
    """The sentences with the highest scores, as many as cost `BUDGETS` budgets together. Of equal
    scores the first ones stay."""

    def __init__(self, budget: int) -> None:
        self._capacity = BUDGETS * budget
        self._heap: list[tuple[float, int, Candidate[Item]]] = []
        self._cost = 0
        self._count = 0

    def add(self, score: float, cost: int, item: Item) -> None:
        """Adds the next sentence of the pool, and drops those that the others leave no room for."""
        candidate = Candidate(score, self._count, cost, item)
        self._count += 1
        self._cost += cost
        heapq.heappush(self._heap, (score, -candidate.number, candidate))
        while self._cost - self._heap[0][2].cost >= self._capacity:
            self._cost -= heapq.heappop(self._heap)[2].cost

    def ranked(self) -> list[Candidate[Item]]:
        """The sentences, that with the highest score first."""
        return [candidate for *_, candidate in sorted(self._heap, reverse=True)]
