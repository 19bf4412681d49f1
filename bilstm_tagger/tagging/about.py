"""What a model file says of where the model comes from: the object `about` of the specification."""

from collections.abc import Iterable

from bilstm_tagger.text.errors import UserError

# The keys that a user sets. Documented in docs/model_file.md.
KEYS = {
    "name": "the name by which the model is loaded once it is installed",
    "version": "the version of the model, such as 1.0",
    "language": "codes of its languages, such as en",
    "description": "what the model does, in a sentence",
    "licence": "an SPDX expression, such as CC-BY-SA-4.0",
    "author": "who has trained it",
    "url": "where more is said of it",
    "data": "what it was trained on",
    "scores": "how well it does, and on which data",
}


def parse_about(settings: Iterable[str]) -> dict[str, str]:
    """The object of settings `KEY=VALUE` of a command line.

    # Errors

    `UserError` for another key, and for one that comes twice.
    """
    about: dict[str, str] = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        if key not in KEYS or key in about or not value.strip() or not value.isprintable():
            raise UserError(
                f"{setting!a:.200}: expected KEY=VALUE, each key once, the value on one line; the "
                f"keys are {', '.join(KEYS)}"
            )
        about[key] = value.strip()
    return about
