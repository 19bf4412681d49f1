"""How well raw text is split into sentences: precision, recall and F1 on the documents of CoNLL-U.

Usage: python scripts/sentence_splitting.py FILE... [--language CODE] [--model MODEL]

A document is its paragraphs with an empty line between them. A sentence is right if its first and
last characters that are not white space are those of a sentence of the file.
"""

import argparse
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger import Tagger
from bilstm_tagger.tagging import TokenizedSentence
from bilstm_tagger.text.raw_text import RawSentence
from bilstm_tagger.text.spacy_rules import rules_of
from bilstm_tagger.text.tokenizer import Tokenizer

Bounds = tuple[int, int]  # the first character, and the one behind the last
SplitText = Callable[[str], Sequence[TokenizedSentence | RawSentence]]

_COMMENT = re.compile(r"# (newdoc|newpar|text = )(.*)")


class Document(NamedTuple):
    """Raw text, and its sentences."""

    text: str
    sentences: list[Bounds]


class Scores(NamedTuple):
    """Precision, recall and F1, from 0 to 1."""

    precision: float
    recall: float
    f1: float


def read_documents(path: Path) -> Iterator[Document]:
    """Yields the documents of a file."""
    text, sentences, between = "", list[Bounds](), ""
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        comments = dict(_COMMENT.findall(block))
        if "newdoc" in comments and sentences:
            yield Document(text, sentences)
            text, sentences, between = "", [], ""
        if "newpar" in comments and sentences:
            between = "\n\n"
        start = len(text) + len(between)
        text += between + comments["text = "].strip()
        sentences.append((start, len(text)))
        is_joined = "SpaceAfter=No" in block.rsplit("\t", 1)[1].split("|")
        between = "" if is_joined else " "
    if sentences:
        yield Document(text, sentences)


def score(documents: Sequence[Document], split: SplitText) -> dict[str, Scores]:
    """The scores of sentences, and of their ends."""
    right = {"sentences": 0, "ends": 0}
    predicted = gold = 0
    for document in documents:
        offsets = filter(None, (sentence.offsets for sentence in split(document.text)))
        sentences = {(of_tokens[0][0], of_tokens[-1][1]) for of_tokens in offsets}
        predicted += len(sentences)
        gold += len(document.sentences)
        right["sentences"] += len(sentences & {*document.sentences})
        ends, gold_ends = ({end for _, end in bounds} for bounds in (sentences, document.sentences))
        right["ends"] += len(ends & gold_ends)
    return {
        name: Scores(count / predicted, count / gold, 2 * count / (predicted + gold))
        for name, count in right.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--language", metavar="CODE", help="(default: that of the rules in the model, or en)"
    )
    parser.add_argument("--model", help="a model that splits text (default: the rules of spaCy)")
    arguments = parser.parse_args()
    split: SplitText
    if arguments.model is not None:
        split = Tagger.load(arguments.model, language=arguments.language).split
    else:
        tokenizer = Tokenizer(rules_of(arguments.language or "en"))
        split = lambda text: tokenizer.split([text])[0]  # noqa: E731

    for path in arguments.files:
        documents = list(read_documents(path))
        count = sum(len(document.sentences) for document in documents)
        print(f"{path}: {len(documents):,} documents, {count:,} sentences")
        for name, scores in score(documents, split).items():
            precision, recall, f1 = (f"{100 * value:.2f}" for value in scores)
            print(f"  {name}: precision {precision}, recall {recall}, F1 {f1}")


if __name__ == "__main__":
    main()
