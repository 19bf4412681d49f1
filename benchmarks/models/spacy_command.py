"""Tags raw text from stdin, a text a line, by spaCy, and prints the tags: the shortest program that
does so, as spaCy has no command for it. `python -m benchmarks.models.spacy_command`."""

import sys

from benchmarks.models.sides import LEFT_OUT, PIPELINE, read_all


def main() -> None:
    import spacy

    nlp = spacy.load(PIPELINE, exclude=LEFT_OUT)
    for doc in nlp.pipe(line.rstrip("\n") for line in sys.stdin if line.strip()):
        print(*read_all(doc))


if __name__ == "__main__":
    main()
