"""Makes the files that `training_config/english.jsonnet` needs beside the corpora.

    python scripts/english_data.py --data data --out build/english

- Names: every tenth document goes to development, or, of a corpus without documents, ten sentences
  of a hundred. Lines are copied as they are. Section h of the Broad Twitter Corpus and the test
  file of UNER are for the score alone.
- Text for the teachers: the sentences of all training files, without labels.
- Sentence starts: the words of each document of UD English EWT in pieces that know nothing of
  sentences and paragraphs, each with "B" (it starts a sentence) or "I".
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path

from bilstm_tagger.tagging.specification import INSIDE, START
from bilstm_tagger.tagging.splitting import PIECE
from bilstm_tagger.text.column_format import ColumnFormat
from bilstm_tagger.text.columns import read_sentences

# What is copied: name of the corpus to its files.
_NAMES = {
    "uner": ["uner_ewt/en_ewt-ud-dev.iob2"],
    "btc": [f"btc/{section}.conll" for section in "abefg"],
    "wikigold": ["wikigold/wikigold.conll"],
}
_CONLLU = ColumnFormat({"tokens": 1}, conllu=True)
_DOCUMENT = "# newdoc"
_PARTS = 10
# Sentences that stay together, where there are no documents.
_TOGETHER = 10

Block = list[str]
# Words, and whether each starts a sentence.
Words = list[tuple[str, str]]


def blocks(path: Path) -> Iterator[Block]:
    """The sentences of a file, as lines with the blank line behind them."""
    block: Block = []
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            block.append(line)
            if not line.strip(" \t\r\n"):
                yield block
                block = []
    if block:
        yield [*block, "\n"]


def documents(path: Path) -> list[list[Block]]:
    """The sentences of a file, in groups that stay together."""
    sentences = list(blocks(path))
    starts = [i for i, block in enumerate(sentences) if block[0].startswith(_DOCUMENT)]
    if not starts:
        return [sentences[i : i + _TOGETHER] for i in range(0, len(sentences), _TOGETHER)]
    bounds = sorted({0, *starts, len(sentences)})
    return [sentences[start:end] for start, end in pairwise(bounds)]


def texts(path: Path) -> Iterator[Words]:
    """The words of the documents in a file of CoNLL-U."""
    words: Words = []
    for sentence in read_sentences(path, _CONLLU, keep_lines=True):
        comments = [line for line, kind in sentence.source_lines if kind == "note"]
        if words and any(comment.startswith(_DOCUMENT) for comment in comments):
            yield words
            words = []
        labels = [START] + [INSIDE] * (len(sentence.tokens) - 1)
        words += zip(sentence.tokens, labels, strict=True)
    yield words


def pieces(path: Path) -> Iterator[Words]:
    """The pieces of a file."""
    for words in texts(path):
        for start in range(0, len(words), PIECE):
            yield words[start : start + PIECE]


def texts_for_teachers(data: Path, names: Path) -> Iterator[list[str]]:
    """The tokens of the sentences that the model is trained on, but for those of EWT dev (UNER):
    they are development data of the parts of speech."""
    tabs = ColumnFormat({"tokens": 0}, delimiter="\t", empty_tokens="leave_out")
    forms = {
        data / "ud_english_ewt" / "en_ewt-ud-train.conllu": _CONLLU,
        data / "conll2000" / "train.txt": ColumnFormat({"tokens": 0}),
        names / "btc-train.conll": tabs,
        names / "wikigold-train.conll": ColumnFormat({"tokens": 0}, document_dividers=True),
        data / "wnut17" / "train.conll": tabs,
    }
    for path, form in forms.items():
        yield from (sentence.tokens for sentence in read_sentences(path, form))


def write(path: Path, sentences: Iterable[Block]) -> None:
    sentences = list(sentences)
    path.write_text("".join(chain.from_iterable(sentences)), encoding="utf-8")
    print(f"{path}: {len(sentences)} sentences or pieces")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("build/english"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, files in _NAMES.items():
        groups = list(chain.from_iterable(documents(args.data / file) for file in files))
        train = [group for number, group in enumerate(groups, 1) if number % _PARTS]
        for part, chosen in (("train", train), ("dev", groups[_PARTS - 1 :: _PARTS])):
            write(args.out / f"{name}-{part}.conll", chain.from_iterable(chosen))
    sentences = texts_for_teachers(args.data, args.out)
    objects = ([json.dumps({"tokens": tokens}) + "\n"] for tokens in sentences)
    write(args.out / "text.jsonl", objects)
    for part in ("train", "dev"):
        path = args.data / "ud_english_ewt" / f"en_ewt-ud-{part}.conllu"
        lines = ([*("\t".join(word) + "\n" for word in piece), "\n"] for piece in pieces(path))
        write(args.out / f"ewt_text-{part}.conll", lines)


if __name__ == "__main__":
    main()
