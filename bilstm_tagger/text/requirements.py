"""What is not part of the plain installation, and the command that brings it."""

from bilstm_tagger.text.errors import UserError

# AllenNLP as published cannot be installed with its own requirements: the extra has them instead.
ALLENNLP = "pip install 'bilstm-tagger[train]' && pip install --no-deps allennlp==2.10.1"


def missing(package: str, extra: str, purpose: str) -> UserError:
    """The error for a package that is not installed.

    # Parameters

    package : `str`
        The package, by the name of its module, such as `spacy`.
    extra : `str`
        The extra of `bilstm-tagger` that has it: `text`, `train`, `ray`, `search`, `report` or
        `package`.
    purpose : `str`
        What needs it, as the subject of a sentence: "Raw text", "--ray".

    # Returns

    One line, with the command that installs what is missing. It is for the caller to raise, from
    the `ImportError`.
    """
    command = ALLENNLP if extra == "train" else f"pip install 'bilstm-tagger[{extra}]'"
    return UserError(f"{purpose} needs {package}, which is not installed. Install it: {command}")
