"""The layout of files: declared in an option, or proposed by their content."""

import logging

from bilstm_tagger.tagging.files.input_layout import OPTION, parse_layout
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import DataFormatError, UserError
from bilstm_tagger.text.layout_proposal import ProposedLayout, propose_layout


def proposed_layout(path: str) -> ProposedLayout:
    """The layout that a file suggests; prints why."""
    try:
        proposed = _propose_quietly(path)
    except DataFormatError as error:
        if error.problem.endswith("layout"):
            error.problem += f", {OPTION}"
        raise
    doubt = "" if proposed.recognised.sure else "; it may be plain text, too"
    print(f"{path}: {proposed.recognised.evidence}{doubt}")
    for reason in proposed.left_out:
        print(f"Left out: {reason}")
    return proposed


def _propose_quietly(path: str) -> ProposedLayout:
    """Without warnings: what reads the whole file later gives them."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        return propose_layout(path)
    finally:
        logging.disable(before)


def declared_layout(text: str) -> DatasetLayout:
    """The layout of the option, with tasks."""
    layout = parse_layout(text)
    if not layout.tasks:
        raise UserError(
            f"{OPTION} has no tasks: say which columns hold labels, as in "
            '"tasks": {"pos": {}, "ner": {"encoding": "BIO"}}'
        )
    return layout
