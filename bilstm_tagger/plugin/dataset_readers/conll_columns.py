"""The dataset reader for column files."""

import copy
import json
import logging
import os
from collections.abc import Iterator, Mapping
from typing import Any, Optional, Union, cast

import msgspec
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, Field, Instance, TokenIndexer
from allennlp.data.tokenizers import Token

from bilstm_tagger.plugin.data.column_token import ColumnToken
from bilstm_tagger.plugin.data.fields import SentenceField, SentenceMetadataField, TaskLabelsField
from bilstm_tagger.plugin.data.paths import local_path
from bilstm_tagger.plugin.data.token_indexers import ColumnIndexer, check_namespaces
from bilstm_tagger.plugin.dataset_readers.dataset_layout import DatasetLayout, TaskColumn
from bilstm_tagger.text import dataset_layout as layouts
from bilstm_tagger.text.columns import Sentence
from bilstm_tagger.text.dataset_files import dataset_files
from bilstm_tagger.text.errors import DataFormatError, UserError
from bilstm_tagger.text.folds import folded_path
from bilstm_tagger.text.memo import Memo
from bilstm_tagger.text.possible_labels import Labels, has_certain, most_probable
from bilstm_tagger.text.read_dataset import read_dataset
from bilstm_tagger.text.recognised_tasks import (
    encode_recognised,
    open_tasks,
    recognise_tasks,
    with_recognised,
)
from bilstm_tagger.text.task_column import AUTO

logger = logging.getLogger(__name__)

_PATH_SETTING = "the data path in the config or the command"

DataPath = Union[str, "os.PathLike[str]", Mapping[str, Any]]


@DatasetReader.register("conll_columns")
class ConllColumnsReader(DatasetReader):
    """Reads annotated files: columns (CoNLL-2000, CoNLL-2003, CoNLL-U, one's own, CSV), JSON, BRAT,
    and the other forms of `DatasetLayout`.

    An instance holds `tokens` (a `SentenceField`), `metadata`, and, where the file has labels,
    `labels` (a `TaskLabelsField` with the labels of every task of the data set, in the model's
    encoding).

    A path names one file or, where `datasets` are declared, is a dictionary from data set to file.
    One fold of a path is left out, or read alone, where the path is that of
    `bilstm_tagger.text.folds`, as in `{path: 'train.txt', folds: 5, by: 'sentence', without: 2}`.

    Registered as a `DatasetReader` with name "conll_columns".

    # Parameters

    token_indexers : `Dict[str, TokenIndexer]`
        How tokens become ids. A `column` indexer makes a column a feature; every data set then has
        to have it.
    columns, tasks, form, delimiter, comment_prefix, document_dividers, conllu, quoted, ragged, \
    empty_tokens, sentence_column, invalid_tags, invalid_spans, language, casing : optional
        The layout of the files, where all are alike; see `DatasetLayout`.
    datasets : `Dict[str, DatasetLayout]`, optional
        The layout of each data set, where there are several. Instead of the keys above.
    """

    def __init__(
        self,
        token_indexers: dict[str, TokenIndexer],
        columns: Optional[dict[str, Union[int, str]]] = None,
        tasks: Optional[dict[str, TaskColumn]] = None,
        form: str = "columns",
        delimiter: Optional[str] = None,
        comment_prefix: Optional[str] = None,
        document_dividers: bool = False,
        conllu: bool = False,
        quoted: bool = False,
        ragged: bool = False,
        empty_tokens: str = "error",
        sentence_column: Union[int, str, None] = None,
        invalid_tags: str = "error",
        invalid_spans: str = "error",
        language: str = "en",
        casing: Optional[str] = None,
        datasets: Optional[dict[str, DatasetLayout]] = None,
        max_instances: Optional[int] = None,
    ) -> None:
        # Before there are other variables than parameters.
        keys = layouts.DatasetLayout.__struct_fields__
        declared = {k: v for k, v in locals().items() if k in keys and v is not None}
        super().__init__(
            max_instances=max_instances,
            manual_distributed_sharding=True,
            manual_multiprocess_sharding=True,
        )
        if (columns is None) == (datasets is None):
            raise ConfigurationError(
                "dataset_reader needs either 'columns' (and 'tasks'), where all files are alike, "
                "or 'datasets', a dictionary from a name to the 'columns' and 'tasks' of its files"
            )
        if columns is not None:
            datasets = {"": DatasetLayout.from_params(declared)}
        if not datasets:
            raise ConfigurationError("dataset_reader.datasets is empty; declare at least one")
        if not token_indexers:
            raise ConfigurationError("dataset_reader.token_indexers is empty; declare at least one")
        check_namespaces(token_indexers)
        self.token_indexers = token_indexers
        self.datasets = cast(dict[str, layouts.DatasetLayout], datasets)
        self.feature_columns = sorted(
            {
                indexer.column
                for indexer in token_indexers.values()
                if isinstance(indexer, ColumnIndexer)
            }
        )
        # Task to the encoding of its files, for the output of predictions, and of the model.
        # All instances share these dictionaries.
        self.file_encodings: dict[str, Optional[str]] = {}
        self.model_encodings: dict[str, Optional[str]] = {}
        for name, layout in self.datasets.items():
            try:
                layout.check_columns(self.feature_columns, f"token_indexers of data set {name!r}")
            except UserError as error:
                raise ConfigurationError(str(error)) from None
            for task, column in layout.tasks.items():
                self.file_encodings.setdefault(task, column.encoding)
                other = self.model_encodings.setdefault(task, column.model_encoding)
                if other != column.model_encoding:
                    raise ConfigurationError(
                        f"The task '{task}' has the model_encoding {column.model_encoding} in the "
                        f"data set '{name}' and {other} in another; a task has one: set "
                        "model_encoding in all of them to that of the decoder (of data with "
                        "probabilities it is the 'encoding' of the file, which stays)"
                    )
        self._recognised: list[str] = []
        self._predict_as: Optional[str] = None
        self._for_every_process = False
        # Text and features to token: a corpus has few distinct ones.
        self._memo = Memo(self._token)

    # Files

    def _files(self, path: DataPath) -> Iterator[tuple[str, str]]:
        """Data set and file of a path."""
        try:
            yield from dataset_files(path, self.datasets)
        except UserError as error:
            raise ConfigurationError(str(error)) from None

    def _read(self, file_path: DataPath) -> Iterator[Instance]:
        instances = self._instances(file_path)
        everything = self._for_every_process and self.get_worker_info() is None
        return instances if everything else self.shard_iterable(instances)

    def _instances(self, path: DataPath) -> Iterator[Instance]:
        if self._predict_as is not None:
            local = local_path(os.fspath(path), _PATH_SETTING)  # type: ignore[arg-type]
            layout = msgspec.structs.replace(self.datasets[self._predict_as], casing=None)
            for sentence in read_dataset(local, layout, self.feature_columns, keep_lines=True):
                about = {"dataset": self._predict_as, "lines": sentence.source_lines}
                yield self._instance(sentence, None, about)
            return
        # All files of a path have one source: the vocabulary tells training data by it.
        if isinstance(path, Mapping):
            path = path.as_dict(quiet=True) if isinstance(path, Params) else dict(path)
            source = json.dumps(path, default=os.fspath)
        else:
            source = os.fspath(path)
        folded = folded_path(path)
        for name, file in self._files(path if folded is None else folded.path):
            local = local_path(file, _PATH_SETTING)
            self._recognise(local, name)
            layout = self.datasets[name]
            repaired = 0
            # Tasks of which no label was known so far.
            unknown = {task for task, column in layout.tasks.items() if column.may_have_gaps}
            sentences = read_dataset(local, layout)
            for sentence in sentences if folded is None else folded.select(file, sentences):
                labels, changed = layout.labels(sentence)
                repaired += changed
                unknown -= {task for task in unknown if has_certain(labels[task])}
                yield self._instance(sentence, labels, {"source": source, "dataset": name})
            if repaired:
                logger.warning(
                    "%s: repaired the tags of %d sentences that are not in the declared encoding.",
                    file,
                    repaired,
                )
            for task in sorted(unknown):
                logger.warning(
                    "%s: no label of the task '%s' is known for certain; a score on this file says "
                    "nothing of it.",
                    file,
                    task,
                )

    def _recognise(self, path: str, dataset: str) -> None:
        """Recognises the encodings that are 'auto', in the first file of a data set."""
        layout = self.datasets[dataset]
        if not open_tasks(layout):
            return
        recognised = recognise_tasks(path, dataset, layout)
        for task in recognised:
            logger.warning("%s: %s.", path, task)
            self._recognised.append(encode_recognised(task))
            if self.file_encodings.get(task.task) == AUTO:
                self.file_encodings[task.task] = task.encoding
        self.datasets[dataset] = with_recognised({dataset: layout}, recognised)[dataset]

    def for_prediction(self, dataset: Optional[str] = None) -> "ConllColumnsReader":
        """A copy of this reader that reads tokens and features alone, no labels, in the layout of a
        data set, by default the first, and keeps the lines of each sentence in its metadata.
        """
        name = next(iter(self.datasets)) if dataset is None else dataset
        if name not in self.datasets:
            raise ConfigurationError(
                f"there is no data set {name!r}; the model knows {sorted(self.datasets)}"
            )
        reader = copy.copy(self)
        reader._predict_as = name
        return reader

    def for_every_process(self) -> "ConllColumnsReader":
        """A copy of this reader that reads all sentences in every process of a distributed
        training, of which the processes share out the batches; this one reads its share alone.
        """
        reader = copy.copy(self)
        reader._for_every_process = True
        reader._set_distributed_info(None)
        return reader

    # Instances

    def _instance(
        self, sentence: Sentence, labels: Optional[dict[str, Labels]], metadata: dict[str, Any]
    ) -> Instance:
        metadata["tokens"] = sentence.tokens
        metadata["columns"] = {name: sentence.columns[name] for name in self.feature_columns}
        metadata["file_encodings"] = self.file_encodings
        metadata["model_encodings"] = self.model_encodings
        fields: dict[str, Field] = {"tokens": SentenceField(self._tokens(sentence))}
        if labels:
            fields["labels"] = TaskLabelsField(labels, self._recognised)
            metadata["gold"] = {task: most_probable(of_task) for task, of_task in labels.items()}
        fields["metadata"] = SentenceMetadataField(metadata)
        return Instance(fields)

    def _tokens(self, sentence: Sentence) -> list[Token]:
        if not self.feature_columns:
            return [self._memo[text,] for text in sentence.tokens]
        features = [sentence.columns[name] for name in self.feature_columns]
        return [self._memo[key] for key in zip(sentence.tokens, *features, strict=True)]

    def _token(self, key: tuple[str, ...]) -> Token:
        text, *values = key
        return ColumnToken(text, dict(zip(self.feature_columns, values, strict=True)))

    def text_to_instance(
        self, tokens: list[str], columns: Optional[dict[str, list[str]]] = None
    ) -> Instance:
        """An instance without labels, of the tokens of one sentence, at least one, and the feature
        columns, each with a value for every token. A `ConfigurationError` for a feature that is
        missing or of another length.
        """
        columns = columns or {}
        if not tokens or not all(tokens):
            raise DataFormatError("input", None, f"expected tokens of some text, found {tokens!r}")
        for name in self.feature_columns:
            found = len(columns[name]) if name in columns else None
            if found != len(tokens):
                raise ConfigurationError(
                    f"The model was trained with the column '{name}' as a feature: expected "
                    f"{len(tokens)} values of it, found {found or 'none'}; give the input a column "
                    f"(CoNLL) or key (JSON) '{name}'."
                )
        instance = self._instance(Sentence(tokens, columns), None, {"dataset": ""})
        self.apply_token_indexers(instance)
        return instance

    def apply_token_indexers(self, instance: Instance) -> None:
        instance["tokens"].token_indexers = self.token_indexers
