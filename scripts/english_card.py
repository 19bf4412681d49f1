"""Makes the card of the English model, models/english.md, from the records beside it.

    python scripts/english_card.py

The scores are those of models/english.jsonl (`make models`), speed and the comparison with spaCy's
model those of models/benchmark.json (`make benchmark-models`).
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from english_benchmark import circumstances, comparison
from english_tests import TESTS
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from results import show_mean

from bilstm_tagger.experiments.distribution import Summary

FOLDER = Path("models")
_TEMPLATE = "english_card.md.jinja"


def percent(share: float) -> str:
    return f"{100 * share:.2f}"


def spread(scores: Iterable[float]) -> str:
    """Mean and standard deviation, in per cent."""
    return show_mean(Summary.of(scores))


def card(records: list[dict[str, Any]], benchmark: dict[str, Any]) -> str:
    """The card, in Markdown."""
    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=folder, undefined=StrictUndefined, trim_blocks=False, keep_trailing_newline=True
    )
    chosen = next(record for record in records if record["chosen"])
    return environment.get_template(_TEMPLATE).render(
        records=records,
        chosen=chosen,
        tests=TESTS,
        percent=percent,
        spread=lambda name, key: spread(record["tests"][name][key] for record in records),
        dev=list(chosen["dev"]),
        dev_spread=lambda name: spread(record["dev"][name] for record in records),
        sentence_spread=spread(record["sentences"]["f1"] for record in records),
        comparison=comparison(benchmark),
        circumstances=circumstances(benchmark),
    )


def main() -> None:
    lines = (FOLDER / "english.jsonl").read_text(encoding="utf-8").splitlines()
    benchmark = json.loads((FOLDER / "benchmark.json").read_text(encoding="utf-8"))
    path = FOLDER / "english.md"
    path.write_text(card(list(map(json.loads, lines)), benchmark), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
