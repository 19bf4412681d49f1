"""The vocabulary in an archive of AllenNLP: for each namespace the entries and their numbers."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bilstm_tagger.tagging.archives.limits import (
    FIX_ATTACK,
    Limits,
    UnsafeModel,
)
from bilstm_tagger.tagging.archives.members import VOCABULARY
from bilstm_tagger.text.character_spans import CONTROL

PADDING_FILE = "non_padded_namespaces.txt"


class Entries(NamedTuple):
    """The entries of a namespace."""

    values: list[str]  # without the padding
    padded: bool  # whether there is one: its number is 0, and those of the values begin with 1


class VocabularyData(NamedTuple):
    """A vocabulary."""

    namespaces: dict[str, Entries]
    oov_token: str  # what stands for all entries that are not there
    non_padded: list[str]  # the patterns of namespaces without padding

    def padded_values(self, namespace: str) -> tuple[list[str], int]:
        """The values of a namespace, and which of them stands for unknown ones.

        # Errors

        `ValueError` for a namespace that is not there, or has none.
        """
        entries = self.namespaces.get(namespace)
        if entries is None:
            raise ValueError(f"the vocabulary has no namespace {namespace!r}")
        if not entries.padded or self.oov_token not in entries.values:
            raise ValueError(
                f"the namespace {namespace!r} of the vocabulary has no entry for unknown values"
            )
        return entries.values, entries.values.index(self.oov_token)


def _is_padded(patterns: Sequence[str], namespace: str) -> bool:
    """As AllenNLP matches namespaces: `*tags` is the only kind of pattern."""
    return not any(
        namespace == pattern or (pattern[:1] == "*" and namespace.endswith(pattern[1:]))
        for pattern in patterns
    )


def _text(data: bytes, where: str) -> list[str]:
    """Lines, as AllenNLP reads them."""
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise UnsafeModel(where, f"this is no UTF-8 ({error})") from None
    return lines[:-1] if lines[-1] == "" else lines


def read_vocabulary(files: Mapping[str, bytes], oov_token: str, limits: Limits) -> VocabularyData:
    """As AllenNLP's `Vocabulary.from_files`, of all files of an archive, in memory.

    # Errors

    `UnsafeModel` for other files than those of a vocabulary, an entry that is there twice, too
    many labels, and labels with control characters.
    """
    padding_file = VOCABULARY + PADDING_FILE
    if padding_file not in files:
        raise UnsafeModel(padding_file, "the archive has no such file")
    patterns = list(filter(None, map(str.strip, _text(files[padding_file], padding_file))))
    namespaces: dict[str, Entries] = {}
    for where, data in files.items():
        name = where.removeprefix(VOCABULARY)
        # AllenNLP leaves a file ".lock" beside the others.
        if not where.startswith(VOCABULARY) or name in (PADDING_FILE, ".lock"):
            continue
        if not name.endswith(".txt") or name.startswith(".") or "/" in name:
            raise UnsafeModel(where, "this is no file of a vocabulary", FIX_ATTACK)
        namespace = name.replace(".txt", "")
        padded = _is_padded(patterns, namespace)
        values = [line.replace("@@NEWLINE@@", "\n") for line in _text(data, where)]
        if not padded:
            _check_labels(values, where, limits)
        elif oov_token not in values:
            raise UnsafeModel(where, "it has no entry for unknown words")
        if len(set(values)) < len(values):
            raise UnsafeModel(where, "it has an entry twice")
        namespaces[namespace] = Entries(values, padded)
    return VocabularyData(namespaces, oov_token, patterns)


def _check_labels(labels: Sequence[str], where: str, limits: Limits) -> None:
    if len(labels) > limits.labels:
        what = f"{len(labels)} labels, the limit is {limits.labels}"
        raise UnsafeModel(where, what, "if there have to be so many, raise the limit 'labels'")
    for label in filter(CONTROL.search, labels):
        raise UnsafeModel(where, f"the label {label!a:.80} has control characters", FIX_ATTACK)
