"""Predictors: raw text, JSON or CoNLL columns in; JSON or CoNLL columns out."""

import json
from typing import Any, NamedTuple, Optional

from allennlp.common.checks import ConfigurationError
from allennlp.common.util import JsonDict
from allennlp.data import DatasetReader, Instance
from allennlp.models import Model
from allennlp.predictors import Predictor

from bilstm_tagger.data.encodings import get_encoding
from bilstm_tagger.dataset_readers import ConllColumnsReader
from bilstm_tagger.models import BiLSTMTagger
from bilstm_tagger.predictors.raw_text import split_text

_BYTE_ORDER_MARK = "\ufeff"
# What a token in a column cannot hold.
_COLUMN_ENDS = frozenset("\t\r\n")


class _Input(NamedTuple):
    tokens: list[str]
    columns: dict[str, list[str]]
    offsets: Optional[list[tuple[int, int]]] = None


class TaggerPredictor(Predictor):
    """Tags sentences for all tasks of a model in one pass.

    A prediction is a dictionary with `sentences`, a list. Each has `tokens`, `tags` (task to tags),
    `spans` (encoded task to spans: `label`, `first_token`, `last_token`, `text`, and for raw text
    `start` and `end`) and for raw text `offsets` (of each token: first character, and the one
    behind the last).

    Six subclasses are registered, by the form of input and output. Input "text": each line raw
    text, of any number of sentences. "json": each line an object with `sentence` (raw text) or
    `tokens` (a list, one sentence; feature columns beside it); other keys are handed through.
    "conll": a column file, with `--use-dataset-reader`. Output "json": a prediction a line.
    "conll": a token a line, a column for each task after those that came in, a blank line after
    each sentence.

    # Parameters

    model : `Model`, dataset_reader : `DatasetReader`
        Those of the archive.
    language : `str`, optional (default=`"en"`)
        The language of raw text, for splitting it into tokens.
    dataset : `str`, optional (default=`None`)
        The data set whose layout a column file has. Needed where the model was trained on several.
    tasks : `List[str]`, optional (default = all, in alphabetical order)
        The tasks whose tags are wanted, in the order of the columns.
    """

    input_form = "json"
    output_form = "json"

    def __init__(
        self,
        model: Model,
        dataset_reader: DatasetReader,
        language: str = "en",
        dataset: Optional[str] = None,
        tasks: Optional[list[str]] = None,
    ) -> None:
        for part, wanted in ((model, BiLSTMTagger), (dataset_reader, ConllColumnsReader)):
            if not isinstance(part, wanted):
                raise ConfigurationError(
                    "this predictor is for a model 'bilstm_tagger' with a dataset reader "
                    f"'conll_columns', found {type(part).__name__} in place of {wanted.__name__}"
                )
        names = sorted(dataset_reader.datasets)
        if self.input_form == "conll" and dataset is None and len(names) > 1:
            raise ConfigurationError(
                f"the model was trained on several data sets ({', '.join(names)}): say which "
                f'layout the file has, as in --predictor-args \'{{"dataset": "{names[0]}"}}\''
            )
        self._reader = dataset_reader.for_prediction(dataset)
        super().__init__(model, self._reader)
        self._language = language
        self._tasks = sorted(model.tasks) if tasks is None else tasks
        for name in self._tasks:
            if name not in model.tasks:
                raise ConfigurationError(
                    f"the model has no task '{name}'; it has {sorted(model.tasks)}"
                )

    # Input

    def load_line(self, line: str) -> JsonDict:
        if self.input_form == "conll":
            raise ConfigurationError(
                "a column file is read as a whole: add --use-dataset-reader to the command"
            )
        line = line.removeprefix(_BYTE_ORDER_MARK)
        if self.input_form == "text":
            return {"sentence": line.rstrip("\r\n")}
        try:
            loaded = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"expected a JSON object, found {line[:80]!r} ({error})") from None
        return loaded

    def _inputs(self, given: JsonDict) -> list[_Input]:
        if not isinstance(given, dict) or ("sentence" in given) == ("tokens" in given):
            raise ValueError(
                "expected a JSON object with either 'sentence' (raw text) or 'tokens' (a list of "
                f"strings), found {json.dumps(given)[:80]}"
            )
        features = {name: given[name] for name in self._reader.feature_columns if name in given}
        if "tokens" in given:
            tokens = given["tokens"]
            for name, values in {"tokens": tokens, **features}.items():
                if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
                    raise ValueError(f"'{name}' must be a list of strings, found {values!r:.80}")
            if self.output_form == "conll":
                for token in tokens:
                    if not _COLUMN_ENDS.isdisjoint(token):
                        raise ValueError(
                            f"the token {token!r:.80} holds a tab or line end, which columns "
                            "cannot; choose a predictor with JSON as output"
                        )
            return [_Input(tokens, features)] if tokens else []
        if not isinstance(given["sentence"], str):
            raise ValueError(f"'sentence' must be a string, found {given['sentence']!r:.80}")
        return [
            _Input(sentence.tokens, {}, sentence.offsets)
            for sentence in split_text(given["sentence"], self._language)
        ]

    # Prediction

    def predict(self, sentence: str) -> JsonDict:
        """Tags raw text."""
        return self.predict_json({"sentence": sentence})

    def predict_json(self, inputs: JsonDict) -> JsonDict:
        return self.predict_batch_json([inputs])[0]

    def predict_batch_json(self, inputs: list[JsonDict]) -> list[JsonDict]:
        split = [self._inputs(given) for given in inputs]
        instances = [
            self._reader.text_to_instance(each.tokens, each.columns)
            for all_ in split
            for each in all_
        ]
        outputs = iter(self._model.forward_on_instances(instances))
        taken = {"sentence", "tokens", *self._reader.feature_columns}
        return [
            {
                **{key: value for key, value in given.items() if key not in taken},
                "sentences": [
                    self._sentence(next(outputs), each.offsets, given.get("sentence"))
                    for each in all_
                ],
            }
            for given, all_ in zip(inputs, split, strict=True)
        ]

    def predict_instance(self, instance: Instance) -> JsonDict:
        return self.predict_batch_instance([instance])[0]

    def predict_batch_instance(self, instances: list[Instance]) -> list[JsonDict]:
        for instance in instances:
            self._dataset_reader.apply_token_indexers(instance)
        outputs = self._model.forward_on_instances(instances)
        predictions = []
        for instance, output in zip(instances, outputs, strict=True):
            prediction: JsonDict = {"sentences": [self._sentence(output)]}
            lines = instance["metadata"].metadata.get("lines")
            if lines and self.output_form == "conll":
                prediction["lines"] = lines
            predictions.append(prediction)
        return predictions

    def _json_to_instance(self, json_dict: JsonDict) -> Instance:
        """The instance of an input of one sentence, for AllenNLP's interpreters and attackers."""
        inputs = self._inputs(json_dict)
        if len(inputs) != 1:
            raise ValueError(f"expected one sentence, found {len(inputs)}")
        return self._reader.text_to_instance(inputs[0].tokens, inputs[0].columns)

    def _sentence(
        self,
        output: dict[str, Any],
        offsets: Optional[list[tuple[int, int]]] = None,
        text: Optional[str] = None,
    ) -> JsonDict:
        tokens = output["tokens"]
        all_tags = {task: output["tags"][task] for task in self._tasks}
        sentence: JsonDict = {"tokens": tokens, "tags": all_tags, "spans": {}}
        if offsets is not None:
            sentence["offsets"] = offsets
        for task, tags in all_tags.items():
            encoding = self._reader.file_encodings.get(task)
            if encoding is None:
                continue
            spans = sentence["spans"][task] = []
            for label, start, end in get_encoding(encoding).spans(tags):
                span: JsonDict = {"label": label, "first_token": start, "last_token": end - 1}
                if offsets is not None and text is not None:
                    first, behind = offsets[start][0], offsets[end - 1][1]
                    span.update(start=first, end=behind, text=text[first:behind])
                else:
                    span["text"] = " ".join(tokens[start:end])
                spans.append(span)
        return sentence

    # Output

    def dump_line(self, outputs: JsonDict) -> str:
        if self.output_form == "json":
            return json.dumps(outputs, ensure_ascii=False) + "\n"
        # A key of that name in JSON input is handed through like any other.
        lines = outputs.get("lines") if self.input_form == "conll" else None
        return "".join(
            line + "\n"
            for sentence in outputs["sentences"]
            for line in (*self._columns(sentence, lines), "")
        )

    def _columns(
        self, sentence: JsonDict, lines: Optional[list[tuple[str, str]]] = None
    ) -> list[str]:
        tagged = zip(*sentence["tags"].values(), strict=True)
        if lines is None:
            rows = zip(sentence["tokens"], tagged, strict=True)
            return ["\t".join((token, *tags)) for token, tags in rows]
        # Ranges and empty nodes of CoNLL-U have no tags.
        no_tags = ("_",) * len(sentence["tags"])
        layout = self._reader.prediction_layout()
        columns = []
        for line, kind in lines:
            if kind != "note":
                delimiter = layout.delimiter or (" " if " " in line else "\t")
                line = delimiter.join((line, *(next(tagged) if kind == "token" else no_tags)))
            columns.append(line)
        return columns


@Predictor.register("json_to_json")
class JsonToJson(TaggerPredictor):
    """Registered as a `Predictor` with name "json_to_json"; see `TaggerPredictor`."""


@Predictor.register("json_to_conll")
class JsonToConll(TaggerPredictor):
    """Registered as a `Predictor` with name "json_to_conll"; see `TaggerPredictor`."""

    output_form = "conll"


@Predictor.register("text_to_json")
class TextToJson(TaggerPredictor):
    """Registered as a `Predictor` with name "text_to_json"; see `TaggerPredictor`."""

    input_form = "text"


@Predictor.register("text_to_conll")
class TextToConll(TextToJson):
    """Registered as a `Predictor` with name "text_to_conll"; see `TaggerPredictor`."""

    output_form = "conll"


@Predictor.register("conll_to_json")
class ConllToJson(TaggerPredictor):
    """Registered as a `Predictor` with name "conll_to_json"; see `TaggerPredictor`."""

    input_form = "conll"


@Predictor.register("conll_to_conll")
class ConllToConll(ConllToJson):
    """Registered as a `Predictor` with name "conll_to_conll"; see `TaggerPredictor`."""

    output_form = "conll"
