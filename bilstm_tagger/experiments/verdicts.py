"""What a comparison tells, in plain words that claim no more."""

from typing import Optional

from bilstm_tagger.experiments.comparison import Comparison
from bilstm_tagger.experiments.distribution import Scale
from bilstm_tagger.experiments.statistics import MAX_RUNS, least_runs


def verdict(found: Comparison, scale: Scale) -> str:
    """One sentence."""
    first, second = found.runs
    p = f"permutation test p {p_text(found.permutation_p)}"
    if found.correction != "none" and found.comparisons > 1:
        corrected = p_text(found.corrected_p).removeprefix("= ")
        p += f", corrected for {found.comparisons} comparisons {corrected}"
    why = f"{p}; {first} and {second} runs"
    if found.better is not None:
        worse = found.b if found.better == found.a else found.a
        gap, interval = gap_text(found.difference, found.interval, found.alpha, scale, True)
        return f"{found.better} is better than {worse} by {gap} ({interval}; {why})."
    gap, interval = gap_text(found.difference, found.interval, found.alpha, scale)
    if found.differ:
        return (
            f"{found.a} and {found.b} differ, but perhaps in spread alone (difference {gap}, "
            f"{interval}; {why}; Welch's t test of the means p {p_text(found.welch_p)}); as many "
            "runs on either side would tell more."
        )
    if found.least_corrected_p >= found.alpha:
        return (
            f"{first} and {second} runs cannot tell {found.a} from {found.b}: whatever their "
            f"scores, they do not reach p < {found.alpha:g} (difference {gap}, {interval}; {p}); "
            f"{least_runs(found.level)} runs a side could."
        )
    text = f"These runs do not tell {found.a} from {found.b} (difference {gap}, {interval}; {why})"
    if found.difference == 0:
        return f"{text}."
    if found.runs_needed is None:
        return f"{text}; more than {MAX_RUNS:,} runs a side would be needed to show it."
    return (
        f"{text}; if the difference is as large as it looks, about {found.runs_needed:,} runs a "
        "side would show it in 4 of 5 cases."
    )


def gap_text(
    difference: float,
    interval: Optional[tuple[float, float]],
    alpha: float,
    scale: Scale,
    absolute: bool = False,
) -> tuple[str, str]:
    """A difference and its interval in words, as they are or seen from the higher side."""
    sign = -1 if absolute and difference < 0 else 1
    gap = _number(sign * difference, scale) + (" points" if scale.per_cent else "")
    if interval is None:
        return gap, "no spread on either side"
    low, high = (_number(end, scale) for end in sorted(sign * end for end in interval))
    return gap, f"{100 * (1 - alpha):.4g} % interval {low} to {high}"


def p_text(p: float) -> str:
    """An equation."""
    return "< 0.001" if p < 0.001 else f"= {p:.3g}"


def _number(value: float, scale: Scale) -> str:
    text = scale.show(value)
    # No "-0.00".
    return text if float(text) else text.removeprefix("-")
