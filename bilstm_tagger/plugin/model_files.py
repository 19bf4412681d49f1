"""From an archive to a model file, which is compared with it."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Optional

import msgspec

from bilstm_tagger import __version__
from bilstm_tagger.plugin.export import checked, export_model
from bilstm_tagger.plugin.loading import load_safely
from bilstm_tagger.plugin.tagging import TorchSource
from bilstm_tagger.tagging.input_specification import Feature
from bilstm_tagger.tagging.model_file import read_model, write_model
from bilstm_tagger.tagging.network import Network
from bilstm_tagger.tagging.results import TokenizedSentence
from bilstm_tagger.tagging.specification import Specification
from bilstm_tagger.text.errors import PathLike, UserError
from bilstm_tagger.text.spacy_rules import rules_of

# Single precision leaves differences of 1e-5 where emissions are of the order of 10.
_TOLERANCE = 1e-4
_HALF_TOLERANCE = 0.1
_SENTENCES = 50


def export_archive(
    path: PathLike,
    output: PathLike,
    *,
    half_words: bool = False,
    trust: bool = False,
    about: Optional[Mapping[str, str]] = None,
    language: Optional[str] = None,
    tasks: Optional[Sequence[str]] = None,
    sentences: Optional[str] = None,
) -> float:
    """Writes the model file of an archive, model.tar.gz; returns the largest difference between an
    emission of the file and one of the archive, on sentences of words of the model.

    # Parameters

    half_words, trust
        As of `write_model` and `load_safely`.
    about : `Mapping[str, str]`, optional (default=`None`)
        What the file says of the model, by the keys of `bilstm_tagger.tagging.about`.
    language : `str`, optional (default=`None`)
        The code of the language of which the file gets spaCy's rules that split raw text. `None`:
        it gets none.
    tasks : `List[str]`, optional (default = all)
        The tasks that the file gets.
    sentences : `str`, optional (default=`None`)
        The one of them that says where sentences start in raw text.

    # Errors

    `UnsafeModel` for an archive that is refused, `ConfigurationError` for one that a model file
    cannot hold, `UserError` where the two differ, or as of `rules_of`.
    """
    rules = None if language is None else rules_of(language)
    archive = load_safely(path, trust)
    model, reader = checked(archive.model, archive.dataset_reader)
    specification, tensors = export_model(model, reader)
    about_model = {**(about or {}), "made by": f"bilstm_tagger {__version__}"}
    if archive.meta is not None:
        about_model["trained with"] = f"AllenNLP {archive.meta.version}"
    try:
        if tasks is not None:
            specification = specification.with_tasks(tasks)
        specification = msgspec.structs.replace(
            specification, about=about_model, tokenizer=rules, sentences=sentences
        )
    except ValueError as error:
        raise UserError(str(error)) from None
    tensors = {name: tensors[name] for name in specification.shapes(tensors)}
    write_model(output, specification, tensors, half_words)
    written = Network(*read_model(output))
    sample = list(_sample(specification, written))
    names = list(specification.tasks)
    pairs = zip(
        written.emissions(sample, names),
        TorchSource(model, reader).emissions(sample, names),
        strict=True,
    )
    difference = max(
        float(abs(ours.scores[task][row, :length] - theirs.scores[task][row, :length]).max())
        for ours, theirs in pairs
        for task in names
        for row, length in enumerate(ours.lengths)
    )
    if not difference <= (_HALF_TOLERANCE if half_words else _TOLERANCE):
        raise UserError(
            f"the emissions of the file differ by {difference:.2g} from those of {path}; "
            + ("leave --half-words out" if half_words else "please report this"),
            output,
        )
    return difference


def _sample(specification: Specification, network: Network) -> Iterator[TokenizedSentence]:
    """Sentences of words that the model has vectors of, and of some that it has not."""
    generator = random.Random(0)
    assert network.inputs is not None
    words = [word for table in network.inputs.words.values() for word in table.ids if word]
    values = {
        part.column: part.values
        for part in specification.inputs.values()
        if isinstance(part, Feature) and part.column is not None
    }
    for number in range(_SENTENCES):
        length = 1 + number
        tokens = [
            generator.choice(words) if words and generator.random() < 0.8 else f"Word{place}x"
            for place in range(length)
        ]
        columns = {name: generator.choices(known, k=length) for name, known in values.items()}
        yield TokenizedSentence(tokens, columns)
