"""The choice among candidates, and which sentences of a pool become candidates."""

import random

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from bilstm_tagger.experiments.selection.candidates import BUDGETS, Candidates
from bilstm_tagger.experiments.selection.choice import Similarity, choose

SENTENCES = [
    text.split()
    for text in (
        "The bank raised its rates on Friday",
        "the Bank raised its rates on Monday",
        "Prices of oil fell",
        "Oil",
        "the the the bank",
    )
]


def test_similarity_is_the_cosine_of_tf_idf():
    similarity = Similarity(SENTENCES)
    table = TfidfVectorizer(analyzer=lambda tokens: [token.lower() for token in tokens])
    vectors = table.fit_transform(SENTENCES).toarray()
    for number in range(len(SENTENCES)):
        np.testing.assert_allclose(similarity.to(number), vectors @ vectors[number], atol=1e-12)


def test_scores_alone():
    scores = [0.5, 0.9, 0.5, 0.1, 0.0]
    assert choose(scores, SENTENCES, 4, [1] * 5) == [1, 0, 2, 3]
    assert choose(scores, SENTENCES, 9, [1] * 5) == [1, 0, 2, 3, 4]
    assert choose([], [], 4, []) == []


def test_diversity_passes_over_what_is_like_the_chosen():
    scores = [0.9, 1.0, 0.5, 0.4, 0.3]
    assert choose(scores, SENTENCES, 2, [1] * 5) == [1, 0]
    assert choose(scores, SENTENCES, 2, [1] * 5, 1.0) == [1, 2]


@pytest.mark.parametrize("diversity", [0.0, 0.3, 1.0])
def test_each_choice_is_the_best_one_left(diversity):
    numbers = random.Random(1)
    sentences = [numbers.choices("a b c d e f g h".split(), k=6) for _ in range(30)]
    scores = [round(numbers.random(), 1) for _ in sentences]
    costs = [numbers.randint(1, 5) for _ in sentences]
    chosen = choose(scores, sentences, 25, costs, diversity)
    similarity, left, expected = Similarity(sentences), 25, []
    while True:
        values = {
            number: scores[number]
            * (1 - diversity * max((similarity.to(i)[number] for i in expected), default=0))
            for number in range(30)
            if number not in expected and costs[number] <= left
        }
        if not values:
            break
        expected.append(max(values, key=lambda number: (values[number], -number)))
        left -= costs[expected[-1]]
    assert chosen == expected
    assert sum(costs[number] for number in chosen) <= 25


@pytest.mark.parametrize("largest", [1, 7])
def test_candidates_are_the_best_of_a_stream(largest):
    numbers = random.Random(2)
    candidates, everything = Candidates[str](3), []
    for number in range(500):
        score, cost = round(numbers.random(), 2), numbers.randint(1, largest)
        candidates.add(score, cost, f"item {number}")
        everything.append((-score, number, cost))
    everything.sort()
    expected, costs = [], 0
    for _, number, cost in everything:
        if costs < BUDGETS * 3:
            expected.append(number)
            costs += cost
    ranked = candidates.ranked()
    assert [candidate.number for candidate in ranked] == expected
    assert [candidate.item for candidate in ranked] == [f"item {number}" for number in expected]
