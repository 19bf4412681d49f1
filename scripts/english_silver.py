"""Makes the training files of `training_config/english.jsonnet`: gold labels, and silver ones.

    python scripts/english_silver.py --data data --out build/english

OUT/teachers has the model files of the teachers. What most of them say is the silver label: of UD
English EWT, which has no names, the names; of all other corpora the parts of speech. The files are
those of training; development and test data get no silver labels.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger import Tagger
from bilstm_tagger.tagging import TokenizedSentence
from bilstm_tagger.text.column_format import ColumnFormat
from bilstm_tagger.text.columns import Sentence, read_sentences
from bilstm_tagger.text.encodings import get_encoding
from bilstm_tagger.text.spans import read_spans

_NAMES = "ner"
_ENCODING = get_encoding("BIO")


class Corpus(NamedTuple):
    """A corpus with gold labels, and the tasks that it gets silver ones of."""

    file: Path
    format: ColumnFormat
    silver: Sequence[str] = ("upos", "xpos")


def corpora(data: Path, build: Path) -> dict[str, Corpus]:
    """The corpora by name."""
    tabs = ColumnFormat({"tokens": 0, "ner": 1}, delimiter="\t", empty_tokens="leave_out")
    return {
        "ewt": Corpus(
            data / "ud_english_ewt/en_ewt-ud-train.conllu",
            ColumnFormat({"tokens": 1, "upos": 3, "xpos": 4}, conllu=True),
            silver=[_NAMES],
        ),
        "conll2000": Corpus(
            data / "conll2000/train.txt", ColumnFormat({"tokens": 0, "pos": 1, "chunk": 2})
        ),
        "btc": Corpus(build / "btc-train.conll", tabs),
        "wikigold": Corpus(
            build / "wikigold-train.conll",
            ColumnFormat({"tokens": 0, "ner": 1}, document_dividers=True),
        ),
        "wnut17": Corpus(data / "wnut17/train.conll", tabs),
    }


def labels_of_most(tags: Sequence[Sequence[str]]) -> list[str]:
    """The most frequent label of each token; of equally frequent ones the first."""
    return [Counter(labels).most_common(1)[0][0] for labels in zip(*tags, strict=True)]


def names_of_most(tags: Sequence[Sequence[str]]) -> list[str]:
    """The spans, of the same ends and type, that more than half of the taggings have. No two of
    them overlap, as some tagging has both."""
    votes = Counter(span for row in tags for span in read_spans(row))
    spans = [span for span, count in votes.items() if 2 * count > len(tags)]
    return _ENCODING.spans_to_tags(spans, len(tags[0]))


def silver_labels(
    teachers: Sequence[Tagger], task: str, sentences: Iterable[Sentence]
) -> Iterator[list[str]]:
    """What most of the teachers say of a task, for each sentence."""
    texts = [TokenizedSentence(sentence.tokens) for sentence in sentences]
    results = []
    for teacher in teachers:
        teacher.tasks = [task]
        results.append([tagged.tags[task] for tagged in teacher.tag(texts, with_spans=False)])
    return map(names_of_most if task == _NAMES else labels_of_most, zip(*results, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("build/english"))
    args = parser.parse_args()
    teachers = [Tagger.load(path) for path in sorted(args.out.glob("teachers/*.safetensors"))]
    if not teachers:
        parser.error(f"there are no model files in {args.out / 'teachers'}")
    for name, corpus in corpora(args.data, args.out).items():
        sentences = list(read_sentences(corpus.file, corpus.format))
        silver = [silver_labels(teachers, task, sentences) for task in corpus.silver]
        path = args.out / f"{name}-silver.conll"
        with path.open("w", encoding="utf-8") as file:
            for sentence, *columns in zip(sentences, *silver, strict=True):
                rows = zip(sentence.tokens, *sentence.columns.values(), *columns, strict=True)
                file.writelines("\t".join(row) + "\n" for row in rows)
                file.write("\n")
        print(f"{path}: {len(sentences)} sentences")


if __name__ == "__main__":
    main()
