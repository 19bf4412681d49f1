"""What is to be done with an input: settings that go to any process, and the tagger that they make
there."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Optional

from bilstm_tagger.tagging.files.block_reader import Starts
from bilstm_tagger.tagging.files.block_tagger import FormTagger
from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.tagging.files.column_input import ColumnInput
from bilstm_tagger.tagging.files.conllu_output import ConlluOutput, places_in, places_of
from bilstm_tagger.tagging.files.input_forms import COLUMN_FORMS, ITEM_FORMS
from bilstm_tagger.tagging.files.input_layout import input_layout
from bilstm_tagger.tagging.files.line_input import LineInput
from bilstm_tagger.tagging.files.object_output import ItemOutput, LineOutput, ObjectOutput
from bilstm_tagger.tagging.files.output_forms import ColumnOutput, JsonOutput
from bilstm_tagger.tagging.files.records import OutputForm, Record
from bilstm_tagger.tagging.prediction import PredictionOptions, Probabilities
from bilstm_tagger.tagging.splitting import TokenizerChoice
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.file_recognition import RecognisedFile


@dataclass(frozen=True)
class TagSettings:
    """What is to be done. A `UserError` for options that do not go together."""

    archive: str  # the model, by name or path
    source: str  # the name of the input, for messages
    input_form: str  # one of `INPUT_FORMS`
    output_form: str  # one of `OUTPUT_FORMS`
    skip: bool = False  # whether records that cannot be tagged are passed through, or are an error
    columns: dict[str, str] = field(default_factory=dict)  # of CoNLL-U output: see `places_of`
    probabilities: Probabilities = False  # as of `Tagger.tag`, for JSON output
    top_k: int = 0
    # As of `Tagger.load`.
    language: Optional[str] = None
    tokenizer: TokenizerChoice = "auto"
    tasks: Optional[list[str]] = None
    constrained: Optional[bool] = None
    calibrated: bool = True
    dataset: Optional[str] = None
    layout: Optional[str] = None  # of the input, as JSON; `None`: see `input_layout`
    recognised: Optional[RecognisedFile] = None  # what the input looks like
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
        if self.output_form in ITEM_FORMS and self.output_form != self.input_form:
            raise UserError(
                f"--output-format {self.output_form} is for input of the same form, in a copy of "
                "which the tags are written; choose json or conll"
            )
        if self.output_form == "objects" and self.input_form != "json":
            raise UserError("--output-format objects is for --input-format json")

    @property
    def of_columns(self) -> bool:
        """Whether the input is a column file, to be cut at blank lines."""
        return self.input_form in COLUMN_FORMS

    def starts_sentence(self, tagger: Optional[Tagger] = None) -> Optional[Starts]:
        """Where a column file without blank lines can be cut: see `Input.blocks`. The model says
        whether it has a sentence column; it is asked for files with a header alone, and loaded
        for that where the tagger is not here."""
        if self.recognised is None or not self.recognised.names or not self.of_columns:
            return None
        # Of the model, its layout alone is looked at: the file of vectors is not read for that.
        tagger = tagger or self._load(None)
        layout = input_layout(self.input_form, tagger, self.layout, self.recognised)
        name, columns = layout.sentence_column, layout.column_format([])
        if name not in self.recognised.names:
            return None
        place = self.recognised.names.index(str(name))

        def value(line: bytes) -> str:
            try:
                return columns.split(line.decode("utf-8").rstrip("\r\n"))[place].strip()
            except (ValueError, IndexError):
                return ""  # an error of the block that has it

        def starts(lines: list[bytes], line: bytes) -> bool:
            # An empty cell goes on with the sentence before.
            last = next(filter(None, map(value, reversed(lines))), "")
            return value(line) not in ("", last)

        return starts

    def block_tagger(self) -> FormTagger:
        """Loads the model.

        # Errors

        As `Tagger.load`, and `UserError` for an input or output that the model has not.
        """
        return self.with_tagger(self._load(self.vectors))

    def _load(self, vectors: Optional[str]) -> Tagger:
        for package in self.packages:  # this may be another process than that of the command
            _import_all(package)
        return Tagger.load(
            self.archive,
            trust=self.trust,
            vectors=vectors,
            cuda_device=self.cuda_device,
            language=self.language,
            tokenizer=self.tokenizer,
            tasks=self.tasks,
            constrained=self.constrained,
            calibrated=self.calibrated,
            dataset=self.dataset,
            threads=self.threads,
        )

    def with_tagger(self, tagger: Tagger) -> FormTagger:
        """As `block_tagger`, with a model that is there."""
        if self.input_form in ("text", "sentences", "brat"):
            tagger.splitter.prepare()  # or else every line would be an error
        features = tagger.specification.feature_columns
        if self.input_form in ("text", "sentences", "tokens", "brat") and features:
            raise UserError(
                f"the model was trained with the columns {features} as features, which "
                f"--input-format {self.input_form} has not; give it a column file, or JSON with "
                "'tokens' and these keys"
            )
        layout: Optional[DatasetLayout] = None
        if self.input_form not in ("text", "sentences", "tokens"):
            layout = input_layout(self.input_form, tagger, self.layout, self.recognised)
        reads: Callable[[Block], list[Record]]
        if layout is not None and self.of_columns:
            reads = ColumnInput(layout.column_format(features), self.source).records
        else:
            reads = LineInput(tagger, self.input_form, layout, self.layout is not None).records
        writes = self._output(tagger, layout)
        return FormTagger(
            tagger, reads, writes, self.source, self.skip, self.probabilities, self.top_k
        )

    def _output(self, tagger: Tagger, layout: Optional[DatasetLayout]) -> OutputForm:
        if self.output_form == "json":
            return JsonOutput()
        if self.output_form in ITEM_FORMS:
            for task in tagger.tasks if self.output_form == "brat" else ():
                broken = [x for x in tagger.specification.tasks[task].labels if len(x.split()) > 1]
                if broken:
                    raise UserError(
                        f"the tags of '{task}' have blanks, which a label of BRAT cannot have: "
                        f"{broken[:3]}; leave the task out by --tasks, or choose --output-format "
                        "json"
                    )
            return ItemOutput(layout, tagger.tasks)
        if self.output_form == "objects":
            return ObjectOutput(layout, tagger.tasks)
        if self.output_form == "lines":
            return LineOutput(layout)
        if self.output_form == "conll":
            if layout is None or not self.of_columns:
                return ColumnOutput(None, tagger.tasks)
            columns = layout.column_format(tagger.specification.feature_columns)
            names = [layout.name_of(task) for task in tagger.tasks]
            return ColumnOutput(columns, names)
        taken = {column for column in self.columns.values() if column != "MISC"}
        own = places_in(tagger.layout, tagger.tasks).items()
        own_places = {task: column for task, column in own if column not in taken}
        places = places_of(tagger.tasks, {**own_places, **self.columns})
        for task, column in places.items():
            labels = tagger.specification.tasks[task].labels
            broken = [tag for tag in labels if "|" in tag]
            if column == "MISC" and broken:
                raise UserError(
                    f"the tags of '{task}' have '|', which separates entries of MISC: "
                    f"{broken[:3]}; leave the task out by --tasks, or choose another column"
                )
        edits = layout is not None and layout.conllu and self.of_columns
        return ConlluOutput(places, edits, tagger.layout)


def _import_all(package: str) -> None:
    """Imports a package and all of its modules, as AllenNLP's `--include-package` does: those in
    the first folder of each package."""
    module = importlib.import_module(package)
    for found in pkgutil.iter_modules(list(getattr(module, "__path__", ()))[:1]):
        _import_all(f"{package}.{found.name}")
