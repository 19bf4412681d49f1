"""The English model beside spaCy's, as a table in Markdown, from models/benchmark.json."""

from typing import Any

OURS, SPACY = "ours", "spacy"
_ROW = "| {} | {} | {} | {} |"
# Figures of speed, by the key in the record, and what they are called.
_SPEEDS = {
    "tag_tokens": "words a second, tokens to tags",
    "tag_texts": "words a second, raw text to tags",
}
_MEGABYTES = {
    "start_memory": "peak memory, one sentence",
    "memory": "peak memory, the raw text of EWT test",
}


def _median(figure: dict[str, Any], side: str, measure: str) -> float:
    value: float = figure["ours" if side == OURS else "reference"]["median"][measure]
    return value


def _scores(title: str, scores: dict[str, float | None]) -> str:
    theirs, ours = scores[SPACY], scores[OURS]
    difference = "" if theirs is None or ours is None else f"{ours - theirs:+.1f}"
    both = ["-" if score is None else f"{score:.1f}" for score in (theirs, ours)]
    return _ROW.format(title, *both, difference)


def comparison(record: dict[str, Any]) -> str:
    """The table, with a sentence on how it was measured."""
    versions = record["versions"]
    lines = [
        _ROW.format(
            "on gold tokens", f"spaCy {versions['spacy']}, `en_core_web_sm`", "`english`", ""
        ),
        "|---|---:|---:|---|",
    ]
    for score in record["scores"].values():
        measure = score["measure"].split()[0]
        lines.append(_scores(f"{score['title']}, {measure}", score["scores"]))
        if "leading_the_forgiven" in score:
            lines.append(_scores('- a leading "the" forgiven', score["leading_the_forgiven"]))
    figures = record["figures"]
    for key, title in _SPEEDS.items():
        figure = figures[key]
        ours, theirs = (figure["amount"] / _median(figure, side, "cpu") for side in (OURS, SPACY))
        lines.append(_ROW.format(title, f"{theirs:,.0f}", f"{ours:,.0f}", f"{ours / theirs:.1f} x"))
    start = figures["start"]
    ours, theirs = (_median(start, side, "wall") for side in (OURS, SPACY))
    ratio = f"{theirs / ours:.1f} x"
    lines.append(
        _ROW.format("start to the tags of a sentence", f"{theirs:.2f} s", f"{ours:.2f} s", ratio)
    )
    for key, title in _MEGABYTES.items():
        ours, theirs = (_median(figures[key], side, "memory") for side in (OURS, SPACY))
        ratio = f"{theirs / ours:.1f} x"
        lines.append(_ROW.format(title, f"{theirs:,.0f} MB", f"{ours:,.0f} MB", ratio))
    return "\n".join(lines) + "\n"


def circumstances(record: dict[str, Any]) -> str:
    """On what the table was measured, in a sentence."""
    machine, versions = record["machine"], record["versions"]
    return (
        f"Measured in one run on one core ({machine['processor']}, Python {versions['python']}, "
        f"numpy {versions['numpy']}) by `make benchmark-models`, {record['date']}; medians."
    )
