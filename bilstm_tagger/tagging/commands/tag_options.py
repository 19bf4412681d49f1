"""The options of the command `tag`."""

import argparse

from bilstm_tagger.tagging.files.input_forms import INPUT_FORMS, OUTPUT_FORMS


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `tag` to a parser."""
    add = parser.add_argument
    add("archive", metavar="MODEL", help="the name of a model, a model file, or model.tar.gz")
    add(
        "input",
        metavar="INPUT",
        help="the file (of some forms: the folder) to tag, plain or packed; - is standard input",
    )
    add(
        "-o",
        "--output",
        default="-",
        metavar="OUTPUT",
        help="the file to write, packed if it ends in .gz; - is standard output. It is "
        "OUTPUT.incomplete until it is complete",
    )
    add(
        "--output-format",
        choices=OUTPUT_FORMS,
        help="json: an object a line; objects: the objects that came, with tags or spans in them; "
        "conll: a token a line, with a column for each task; conllu: CoNLL-U; lines: a sentence a "
        "line; brat, spacy, parquet: a copy of such input with the tags (default: that of the "
        "input, if it has a place for tags, else json)",
    )
    add(
        "--columns",
        metavar="TASK=COLUMN,...",
        help="the column of a task in CoNLL-U output: UPOS, XPOS or MISC (default: UPOS for a "
        "task pos or upos, XPOS for xpos, MISC for all others)",
    )
    add(
        "--probabilities",
        choices=("chosen", "all"),
        help="in JSON, those of the chosen tags and spans, or of all tags, too",
    )
    add("--top-k", type=int, default=0, metavar="K", help="in JSON, the best K taggings")
    add(
        "--jobs",
        type=int,
        metavar="N",
        help="processes that tag (default: 1; on a cluster, as many as it has processors)",
    )
    add(
        "--ray",
        metavar="ADDRESS",
        help="tag on the cluster of Ray there; local: on one that is started on this machine. "
        "The same command goes on after an interruption",
    )
    add_input_options(parser, "pass it through as it is")


def add_input_options(parser: argparse.ArgumentParser, skipping: str) -> None:
    """Adds the options that say how an input is read, and by which part of the model. `skipping` is
    what becomes of a record that cannot be read."""
    add = parser.add_argument
    add(
        "--input-format",
        choices=INPUT_FORMS,
        help="text: raw text, any number of sentences a line; sentences: raw text, one a line; "
        "tokens: one sentence a line, tokens separated by blanks; lines: the same with parts, as "
        "Word|POS; json: a line an object with 'text' or 'tokens'; conll: columns as in training, "
        "or with a header; conllu: CoNLL-U; brat, spacy (DocBin), parquet: such files or folders "
        "(default: what the content of the input looks like)",
    )
    add(
        "--layout",
        metavar="JSON",
        help="where the tokens and features of the input are, if it has not the layout of the "
        'training: keys of a dataset_reader, as in \'{"columns": {"tokens": 1}}\'',
    )
    add("--tasks", metavar="TASK,...", help="the tasks that are wanted (default: all that tag)")
    add("--language", help="of raw text (default: that of the rules in the model file, or en)")
    add(
        "--tokenizer",
        choices=("auto", "spacy"),
        default="auto",
        help="what splits raw text: the rules in the model file, else spaCy; or always spaCy",
    )
    add("--dataset", help="whose layout column files have, of a model of several data sets")
    add(
        "--no-constraints",
        action="store_true",
        help="allow sequences of tags that the encoding of the task forbids",
    )
    add(
        "--uncalibrated",
        action="store_true",
        help="probabilities without the temperatures that the model may have",
    )
    add(
        "--on-error",
        choices=("stop", "skip"),
        default="stop",
        help=f"at a line or sentence that cannot be read: stop, or {skipping} and say so",
    )
    add("--vectors", metavar="FILE", help="word vectors for words that training has not seen")
    add(
        "--trust",
        action="store_true",
        help="load an archive that names components of other packages: it may run anything",
    )
    add("--cuda-device", type=int, default=-1, help="the GPU; -1 is the CPU")
    add(
        "--threads",
        type=int,
        default=1,
        metavar="N",
        help="the number of threads of each process; more than one is seldom faster",
    )
