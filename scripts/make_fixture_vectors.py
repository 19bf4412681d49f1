"""Makes `fixtures/vectors/vectors.16d.txt`: word vectors of the fixture corpus, by factorising how
often words stand near each other (positive pointwise mutual information, singular values).

Usage: python scripts/make_fixture_vectors.py
"""

from collections import Counter
from pathlib import Path

import numpy

DIMENSION = 16
WINDOW = 2
MIN_COUNT = 2
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def sentences() -> list[list[str]]:
    """The tokens of the corpus, lower-cased as in most published vector files; no labels."""
    found = []
    for name in ("train", "dev", "test"):
        text = (FIXTURES / "corpus" / f"{name}.conll").read_text(encoding="utf-8")
        for block in text.strip().split("\n\n"):
            found.append([line.split(" ")[0].lower() for line in block.split("\n")])
    return found


def main() -> None:
    corpus = sentences()
    counts = Counter(token for sentence in corpus for token in sentence)
    words = [word for word, count in counts.most_common() if count >= MIN_COUNT]
    index = {word: i for i, word in enumerate(words)}
    near = numpy.zeros((len(words), 2 * len(words)))
    for sentence in corpus:
        ids = [index.get(token) for token in sentence]
        for i, center in enumerate(ids):
            for j in range(max(0, i - WINDOW), min(len(ids), i + WINDOW + 1)):
                other = ids[j]
                if center is not None and other is not None and i != j:
                    # Left and right neighbours are told apart: syntax more than topic.
                    near[center, other + len(words) * (j > i)] += 1
    total = near.sum()
    expected = near.sum(1, keepdims=True) * near.sum(0, keepdims=True) / total
    with numpy.errstate(divide="ignore", invalid="ignore"):
        information = numpy.nan_to_num(numpy.log(near / expected), neginf=0.0, posinf=0.0)
    left, values, _ = numpy.linalg.svd(numpy.maximum(information, 0.0), full_matrices=False)
    vectors = left[:, :DIMENSION] * numpy.sqrt(values[:DIMENSION])
    # The sign of a singular vector is arbitrary: fix it, so that the file can be made again.
    vectors *= numpy.sign(vectors[numpy.abs(vectors).argmax(0), numpy.arange(DIMENSION)])
    vectors *= 0.5 * numpy.sqrt(DIMENSION) / numpy.linalg.norm(vectors, axis=1, keepdims=True)
    path = FIXTURES / "vectors" / f"vectors.{DIMENSION}d.txt"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for word, vector in zip(words, vectors, strict=True):
            file.write(f"{word} {' '.join(f'{value:.4f}' for value in vector)}\n")
    print(f"{len(words)} vectors in {path}")


if __name__ == "__main__":
    main()
