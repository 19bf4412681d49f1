"""The result of a comparison in one sentence that claims no more than the tests show."""

from bilstm_tagger.experiments.comparison import Comparison
from bilstm_tagger.experiments.distribution import Scale
from bilstm_tagger.experiments.statistics import MAX_RUNS, least_runs


def verdict(pair: Comparison, scale: Scale) -> str:
    """One sentence."""
    first, second = pair.runs
    p = f"permutation test p {p_text(pair.permutation_p)}"
    if pair.correction != "none" and pair.comparisons > 1:
        corrected = p_text(pair.corrected_p).removeprefix("= ")
        p += f", corrected for {pair.comparisons} comparisons {corrected}"
    why = f"{p}; {first} and {second} runs"
    if pair.better is not None:
        worse = pair.b if pair.better == pair.a else pair.a
        gap, interval = gap_text(pair.difference, pair.interval, pair.alpha, scale, True)
        return f"{pair.better} is better than {worse} by {gap} ({interval}; {why})."
    gap, interval = gap_text(pair.difference, pair.interval, pair.alpha, scale)
    numbers = f"difference {gap}, {interval}"
    if pair.differ:
        return (
            f"{pair.a} and {pair.b} differ, but perhaps only in spread ({numbers}; {why}; Welch's "
            f"t test of the means p {p_text(pair.welch_p)}); equal numbers of runs on both sides "
            "would show more."
        )
    if pair.least_corrected_p >= pair.alpha:
        return (
            f"{first} and {second} runs are too few to show a difference between {pair.a} and "
            f"{pair.b}: whatever their scores, p is not below {pair.alpha:g} ({numbers}; {p}); "
            f"{least_runs(pair.level)} runs a side could show it."
        )
    text = f"No significant difference between {pair.a} and {pair.b} ({numbers}; {why})"
    if pair.difference == 0:
        return f"{text}."
    if pair.runs_needed is None:
        return f"{text}; more than {MAX_RUNS:,} runs a side would be needed to show it."
    return (
        f"{text}; if the difference is as large as it looks, about {pair.runs_needed:,} runs a "
        "side would show it in 4 of 5 cases."
    )


def gap_text(
    difference: float,
    interval: tuple[float, float] | None,
    alpha: float,
    scale: Scale,
    absolute: bool = False,
) -> tuple[str, str]:
    """A difference and its interval in words; `absolute`: as seen from the higher side."""
    sign = -1 if absolute and difference < 0 else 1
    gap = _number(sign * difference, scale) + (" points" if scale.per_cent else "")
    if interval is None:
        return gap, "no spread on either side"
    low, high = (_number(end, scale) for end in sorted(sign * end for end in interval))
    return gap, f"{100 * (1 - alpha):.4g} % interval {low} to {high}"


def p_text(p: float) -> str:
    """As an equation."""
    return "< 0.001" if p < 0.001 else f"= {p:.3g}"


def _number(value: float, scale: Scale) -> str:
    text = scale.show(value)
    # No "-0.00".
    return text if float(text) else text.removeprefix("-")
