"""What is to be done with an input: settings that go to any process, and the tagger that they make
there."""

import importlib
import os
import pkgutil
from dataclasses import dataclass, field
from typing import Optional

from bilstm_tagger.tagging import raw_text
from bilstm_tagger.tagging.files.block_tagger import FormTagger
from bilstm_tagger.tagging.files.column_input import ColumnInput
from bilstm_tagger.tagging.files.conllu_output import ConlluOutput, places_of
from bilstm_tagger.tagging.files.line_input import LineInput
from bilstm_tagger.tagging.files.output_forms import ColumnOutput, JsonOutput
from bilstm_tagger.tagging.files.records import OutputForm
from bilstm_tagger.tagging.prediction import PredictionOptions
from bilstm_tagger.tagging.tagger import Probabilities, Tagger
from bilstm_tagger.text.columns import TOKENS, ColumnFormat
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.packing import unpacked_name

COLUMN_FORMS = ("conll", "conllu")
INPUT_FORMS = ("text", "sentences", "tokens", "json", *COLUMN_FORMS)
OUTPUT_FORMS = ("json", *COLUMN_FORMS)
_BY_ENDING = {
    ".conllu": "conllu",
    ".conll": "conll",
    ".iob": "conll",
    ".bio": "conll",
    ".tsv": "conll",
    ".jsonl": "json",
    ".json": "json",
}


def input_form_of(path: str) -> str:
    """The form of an input by the ending of its name, that of packing left aside; else text."""
    _, ending = os.path.splitext(unpacked_name(path.lower()))
    return _BY_ENDING.get(ending, "text")


def output_form_for(input_form: str) -> str:
    """The form that goes with an input: columns for columns, else JSON."""
    return input_form if input_form in COLUMN_FORMS else "json"


@dataclass(frozen=True)
class TagSettings:
    """What is to be done. A `UserError` for options that do not go together."""

    archive: str  # the model
    source: str  # the name of the input, for messages
    input_form: str  # one of `INPUT_FORMS`
    output_form: str  # one of `OUTPUT_FORMS`
    skip: bool = False  # whether records that cannot be tagged are passed through, or are an error
    columns: dict[str, str] = field(default_factory=dict)  # of CoNLL-U output: see `places_of`
    probabilities: Probabilities = False  # as of `Tagger.tag`, for JSON output
    top_k: int = 0
    # As of `Tagger.load`.
    language: str = "en"
    tasks: Optional[list[str]] = None
    constrained: Optional[bool] = None
    dataset: Optional[str] = None
    vectors: Optional[str] = None
    trust: bool = False
    cuda_device: int = -1
    threads: Optional[int] = 1
    # Packages to import before, which register components of a trusted archive.
    packages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        PredictionOptions.of(self.probabilities, self.top_k)  # refuses what is none
        if self.output_form != "json" and (self.probabilities or self.top_k):
            raise UserError(
                "--probabilities and --top-k are for --output-format json: columns have no place "
                "for them"
            )
        if self.output_form != "conllu" and self.columns:
            raise UserError("--columns is for --output-format conllu")

    @property
    def of_columns(self) -> bool:
        """Whether the input is a column file, to be cut at blank lines."""
        return self.input_form in COLUMN_FORMS

    def block_tagger(self) -> FormTagger:
        """Loads the model.

        # Errors

        As `Tagger.load`, and `UserError` for an input or output that the model has not.
        """
        if not os.path.exists(self.archive):
            raise UserError(f"{self.archive}: there is no such model; check the path")
        for package in self.packages:  # this may be another process than that of the command
            _import_all(package)
        return self.with_tagger(
            Tagger.load(
                self.archive,
                trust=self.trust,
                vectors=self.vectors,
                cuda_device=self.cuda_device,
                language=self.language,
                tasks=self.tasks,
                constrained=self.constrained,
                dataset=self.dataset,
                threads=self.threads,
            )
        )

    def with_tagger(self, tagger: Tagger) -> FormTagger:
        """As `block_tagger`, with a model that is there."""
        if self.input_form in ("text", "sentences"):
            raw_text.prepare(tagger.language)  # or else every line would be an error
        layout = self._layout(tagger) if self.of_columns else None
        reads = LineInput(tagger, self.input_form) if layout is None else ColumnInput(layout)
        if self.input_form not in ("json", *COLUMN_FORMS) and tagger.specification.feature_columns:
            raise UserError(
                f"the model was trained with the columns {tagger.specification.feature_columns} as "
                f"features, which --input-format {self.input_form} has not; give it a column file, "
                "or JSON with 'tokens' and these keys"
            )
        writes = self._output(tagger, layout)
        return FormTagger(
            tagger, reads.records, writes, self.source, self.skip, self.probabilities, self.top_k
        )

    def _layout(self, tagger: Tagger) -> ColumnFormat:
        layout = tagger.layout
        if self.input_form == "conllu":
            if layout.conllu:
                return layout
            if columns := tagger.specification.feature_columns:
                raise UserError(
                    f"the model was trained with the columns {columns} as "
                    "features, and not on CoNLL-U: where they are in it is not known; take "
                    "--input-format conll, and a file with the columns of the training"
                )
            return ColumnFormat({TOKENS: 1}, conllu=True)
        names = sorted(tagger.specification.datasets)
        if self.dataset is None and len(names) > 1:
            raise UserError(
                f"the model was trained on several data sets ({', '.join(names)}): say which "
                f"layout the file has, as in --dataset {names[0]}"
            )
        return layout

    def _output(self, tagger: Tagger, layout: Optional[ColumnFormat]) -> OutputForm:
        if self.output_form == "json":
            return JsonOutput()
        if self.output_form == "conll":
            return ColumnOutput(layout)
        places = places_of(tagger.tasks, self.columns)
        for task, column in places.items():
            labels = tagger.specification.tasks[task].labels
            broken = [tag for tag in labels if "|" in tag]
            if column == "MISC" and broken:
                raise UserError(
                    f"the tags of '{task}' have '|', which separates entries of MISC: "
                    f"{broken[:3]}; leave the task out by --tasks, or choose another column"
                )
        return ConlluOutput(places, layout is not None and layout.conllu)


def _import_all(package: str) -> None:
    """Imports a package and all of its modules, as AllenNLP's `--include-package` does."""
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{package}."):
        importlib.import_module(found.name)
