"""The layout of files: declared in an option, or proposed by their content."""

import logging

from bilstm_tagger.tagging.commands.errors import quiet_logging
from bilstm_tagger.tagging.files.input_layout import OPTION, parse_layout
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import DataFormatError, UserError
from bilstm_tagger.text.layout_proposal import ProposedLayout, propose_layout


def proposed_layout(path: str) -> ProposedLayout:
    """The layout that a file suggests; prints why."""
    try:
        with quiet_logging(logging.WARNING):  # what reads the whole file later warns
            proposed = propose_layout(path)
    except DataFormatError as error:
        if error.problem.endswith("layout"):
            error.problem += f", {OPTION}"
        raise
    doubt = "" if proposed.recognised.sure else "; it may be plain text, too"
    print(f"{path}: {proposed.recognised.evidence}{doubt}")
    for reason in proposed.left_out:
        print(f"Left out: {reason}")
    return proposed


def declared_layout(text: str) -> DatasetLayout:
    """The layout of the option, with tasks."""
    layout = parse_layout(text)
    if not layout.tasks:
        raise UserError(
            f"{OPTION} has no tasks: say which columns hold labels, as in "
            '"tasks": {"pos": {}, "ner": {"encoding": "BIO"}}'
        )
    return layout
