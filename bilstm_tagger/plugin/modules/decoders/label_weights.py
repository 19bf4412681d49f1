"""The weights of labels in the loss of a task."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError

from bilstm_tagger.text.spans import split_tag

BALANCED = "balanced"
# Losses stay within what single precision holds.
_MOST = 1_000_000


def weights_of_labels(
    wanted: Any,
    labels: Sequence[str],
    of_spans: bool,
    counts: Optional[Mapping[str, int]],
    key: str,
) -> torch.Tensor:
    """The weight of each label, (labels,).

    # Parameters

    wanted : `Union[str, Dict[str, float]]`
        The weights of labels, or of types of spans, which all their labels get; that of a label
        itself wins, and what is not named has 1. "balanced": inversely proportional to the number
        of tokens, of a type of spans or outside of them, or of a plain label, so that all have the
        same weight together: `tokens / (types * tokens of the type)` (King and Zeng 2001, as in
        scikit-learn).
    labels : `Sequence[str]`
        Labels in the order of their ids.
    of_spans : `bool`
        Whether labels are tags of spans.
    counts : `Mapping[str, int]`, optional
        How often the training data has each label. `None`: that is not known, as in a model that is
        loaded; balanced weights are NaN then, until they are loaded, too.
    key : `str`
        Where the config has them, for errors.

    # Errors

    `ConfigurationError` for what the task does not have, and for a weight that is no positive
    number.
    """
    types = [split_tag(label)[1] or label if of_spans else label for label in labels]
    if isinstance(wanted, Params):
        wanted = wanted.as_dict(quiet=True)
    if wanted != BALANCED and not isinstance(wanted, Mapping):
        raise ConfigurationError(
            f"{key} must be '{BALANCED}', or a weight for labels or types of spans, as in "
            f"{{{types[-1]}: 2.0}}; found {wanted!r}"
        )
    if wanted == BALANCED:
        if counts is None:
            return torch.full([len(labels)], math.nan)
        of_types = Counter[str]()
        for label, kind in zip(labels, types, strict=True):
            of_types[kind] += counts.get(label, 0)
        # A label of the model that the training data has not has no part in the loss.
        present = {kind: count for kind, count in of_types.items() if count}
        mean = of_types.total() / len(present)
        return torch.tensor([mean / present[kind] if kind in present else 1.0 for kind in types])
    known = {*labels, *types}
    for name, weight in wanted.items():
        if name not in known:
            what = "labels, or types of spans" if of_spans else "labels"
            raise ConfigurationError(
                f"{key} names {name!r}, which the training data has not; its {what} are "
                f"{', '.join(map(str, dict.fromkeys(types)))}"
            )
        is_number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
        if not is_number or not 0 < weight <= _MOST:
            raise ConfigurationError(
                f"{key}.{name} must be a number above 0 and up to {_MOST:,}, found {weight!r}"
            )
    return torch.tensor(
        [
            wanted.get(label, wanted.get(kind, 1.0))
            for label, kind in zip(labels, types, strict=True)
        ]
    )
