"""Tags raw text from stdin, a text a line, by spaCy, and prints the tags: the shortest program that
does so, as spaCy has no command for it. `python -m benchmarks.models.spacy_command`."""

import sys

from benchmarks.models.sides import load_pipeline, read_all


def main() -> None:
    nlp = load_pipeline()
    for doc in nlp.pipe(line.rstrip("\n") for line in sys.stdin if line.strip()):
        print(*read_all(doc))


if __name__ == "__main__":
    main()
