"""The rankings of cleanlab, in an environment of its own:
`python doubts_cleanlab.py IN.npz OUT.npz`.

IN has the labels (tokens,), the probabilities (tokens, classes) and the lengths of sentences.
"""

import sys
from typing import Any

import numpy as np
from cleanlab.token_classification import rank  # type: ignore[import-not-found]
from cleanlab.token_classification.filter import find_label_issues  # type: ignore[import-not-found]


def main(source: str, target: str) -> None:
    """Writes the tokens of each ranking, the first those that are likeliest to be wrong."""
    arrays = np.load(source)
    ends = np.cumsum(arrays["lengths"])[:-1]
    labels = [part.tolist() for part in np.split(arrays["labels"], ends)]
    probabilities = np.split(arrays["probabilities"], ends)
    starts = np.concatenate([[0], ends])
    rankings: dict[str, Any] = {}
    for method in ("self_confidence", "normalized_margin"):
        _, scores = rank.get_label_quality_scores(labels, probabilities, token_score_method=method)
        flat = np.concatenate([part.to_numpy() for part in scores])
        rankings[f"all tokens by {method}"] = np.argsort(flat, kind="stable")
        issues = find_label_issues(labels, probabilities, return_indices_ranked_by=method)
        rankings[f"issues by {method}"] = np.array([starts[i] + j for i, j in issues])
    np.savez(target, **rankings)


if __name__ == "__main__":
    main(*sys.argv[1:])
