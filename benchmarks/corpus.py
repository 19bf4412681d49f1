"""Files that the benchmark makes: parts of a corpus, artificial sentences, word vectors."""

import gzip
import random
from collections.abc import Iterator
from pathlib import Path

Rows = list[list[str]]  # the lines of a sentence, split into columns


def read_rows(path: Path) -> list[Rows]:
    """The sentences of a column file."""
    sentences: list[Rows] = []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        rows = [line.split() for line in block.split("\n") if line.strip()]
        if rows:
            sentences.append(rows)
    return sentences


def write_rows(path: Path, sentences: list[Rows]) -> Path:
    """Writes a column file, a blank line after each sentence."""
    with path.open("w", encoding="utf-8") as stream:
        for rows in sentences:
            stream.write("".join(" ".join(row) + "\n" for row in rows) + "\n")
    return path


def repeated(sentences: list[Rows], number: int) -> list[Rows]:
    """That many sentences, over and over."""
    return [sentences[index % len(sentences)] for index in range(number)]


def of_length(sentences: list[Rows], length: int, number: int) -> list[Rows]:
    """That many sentences of that length, cut from the running text. Spans may begin anew."""
    words = [row for rows in sentences for row in rows]
    found = []
    for index in range(number):
        start = index * length
        rows = [list(words[(start + step) % len(words)]) for step in range(length)]
        previous = "O"
        for row in rows:
            tag = row[-1]
            if tag.startswith("I-") and previous[1:] != tag[1:]:
                row[-1] = tag = "B" + tag[1:]
            previous = tag
        found.append(rows)
    return found


def with_tags(sentences: list[Rows], tags: int, seed: int = 0) -> list[Rows]:
    """The same sentences with that many different tags, all in use, drawn at random: `O` and
    spans of one token."""
    names = ["O", *(f"B-T{index}" for index in range(1, tags))]
    rng = random.Random(seed)
    count = 0
    found = []
    for rows in sentences:
        tagged = []
        for row in rows:
            tag = names[count] if count < tags else rng.choice(names)
            tagged.append([*row[:-1], tag])
            count += 1
        found.append(tagged)
    return found


def artificial_word(index: int) -> str:
    """A word of lower-case letters for each number; no two are the same."""
    letters = []
    index = index * 7_368_787 % 26**6  # a bijection, as the factor is prime to 26
    for _ in range(6):
        index, letter = divmod(index, 26)
        letters.append(chr(ord("a") + letter))
    return "".join(letters)


def vector_lines(words: int, dimension: int, seed: int = 0) -> Iterator[str]:
    """The lines of a file of word vectors, the same for the same numbers."""
    rng = random.Random(seed)
    # To draw all numbers would take minutes; parts of a small table look the same to a reader.
    table = [f"{rng.gauss(0.0, 0.4):.5f}" for _ in range(dimension + 4099)]
    for index in range(words):
        start = rng.randrange(4099)
        yield f"{artificial_word(index)} {' '.join(table[start : start + dimension])}\n"


def write_vectors(path: Path, words: int, dimension: int, seed: int = 0) -> Path:
    """Makes a file of word vectors, packed if its name ends in `.gz`."""
    if path.suffix == ".gz":
        with gzip.open(path, "wt", encoding="utf-8", compresslevel=5) as stream:
            stream.writelines(vector_lines(words, dimension, seed))
    else:
        with path.open("w", encoding="utf-8") as stream:
            stream.writelines(vector_lines(words, dimension, seed))
    return path


def artificial_sentences(words: int, of: int, length: int, tags: list[str]) -> list[Rows]:
    """Sentences that hold `words` different words, each once, evenly taken `of` the file's."""
    step = of // words
    chosen = [artificial_word(index * step) for index in range(words)]
    random.Random(1).shuffle(chosen)
    return [
        [
            [word, "X", tags[(start + offset) % len(tags)]]
            for offset, word in enumerate(chosen[start : start + length])
        ]
        for start in range(0, words, length)
    ]
