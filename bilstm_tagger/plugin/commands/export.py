"""`allennlp export`: a model file of an archive."""

import argparse
import os

import numpy
from allennlp.commands.subcommand import Subcommand

from bilstm_tagger.tagging.about import KEYS, parse_about
from bilstm_tagger.tagging.commands.errors import one_line_errors

_SUFFIX = ".safetensors"


@Subcommand.register("export")
class Export(Subcommand):
    """Writes the model file of an archive: what tagging needs of it, without AllenNLP and torch.

    Registered as a `Subcommand` with name "export".
    """

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        subparser = parser.add_parser(
            self.name,
            description="Write the model file of an archive: `bilstm-tagger` and `Tagger.load` "
            "open it without AllenNLP and torch. The file is compared with the archive on some "
            "sentences before it is kept.",
            help="Write the model file of an archive.",
        )
        add = subparser.add_argument
        add("archive", metavar="MODEL", help="the archive, model.tar.gz")
        add(
            "-o",
            "--output",
            metavar="FILE",
            help="the model file to write (default: the archive's name, ending in .safetensors)",
        )
        add(
            "--half-words",
            action="store_true",
            help="write word vectors in half precision: the file gets smaller",
        )
        add(
            "--about",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help=f"what the file says of the model; can be repeated. Keys: {', '.join(KEYS)}",
        )
        add(
            "--language",
            metavar="CODE",
            help="store the rules of spaCy that split raw text of this language, such as en: raw "
            "text is tagged without spaCy then, and starts sooner",
        )
        add(
            "--tasks",
            metavar="T,U",
            help="the tasks that the file gets (default = all)",
        )
        add(
            "--sentences",
            metavar="T",
            help="the task that says where sentences start in raw text, by its labels B and I; it "
            "needs --language",
        )
        add(
            "--trust",
            action="store_true",
            help="the archive may name any component, and run what it likes",
        )
        subparser.set_defaults(func=run_export)
        return subparser


def run_export(args: argparse.Namespace) -> None:
    """Writes the file; ends the process with status 1 where the archive cannot be read or
    exported."""
    from bilstm_tagger.plugin.errors import config_mistake
    from bilstm_tagger.plugin.model_files import export_archive

    output = args.output or args.archive.removesuffix(".tar.gz") + _SUFFIX
    with one_line_errors(mistake=config_mistake):
        difference = export_archive(
            args.archive,
            output,
            half_words=args.half_words,
            trust=args.trust,
            about=parse_about(args.about),
            language=args.language,
            tasks=None if args.tasks is None else [t.strip() for t in args.tasks.split(",")],
            sentences=args.sentences,
        )
    size = os.path.getsize(output) / 1e6
    print(
        f"{output}: {size:,.1f} MB; largest difference of emissions from the archive "
        f"{numpy.format_float_scientific(difference, 1)}"
    )
