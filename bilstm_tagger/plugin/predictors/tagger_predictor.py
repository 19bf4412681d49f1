"""Predictors: raw text, JSON or CoNLL columns in; JSON or CoNLL columns out."""

import itertools
import json
from typing import Any, Optional, Union

from allennlp.common.checks import ConfigurationError
from allennlp.common.util import JsonDict
from allennlp.data import DatasetReader, Instance
from allennlp.models import Model
from allennlp.predictors import Predictor

from bilstm_tagger.plugin.export import checked
from bilstm_tagger.plugin.tagging import tagger_of
from bilstm_tagger.tagging import TokenizedSentence
from bilstm_tagger.tagging.json_input import (
    check_cell,
    others_of,
    prediction_of,
    sentences_of,
)
from bilstm_tagger.tagging.prediction import PredictionOptions
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.json_values import parse_json

_BYTE_ORDER_MARK = "\ufeff"


class TaggerPredictor(Predictor):
    """Tags sentences for all tasks of a model in one pass.

    A prediction is a dictionary with `sentences`, a list. Each has `tokens`, `tags` (task to tags),
    `spans` (encoded task to spans: `label`, `first_token`, `last_token`, `text`, and for raw text
    `start` and `end`) and for raw text `offsets` (of each token: first character, and the one
    behind the last); on request also what `TaggedSentence` has of probabilities.

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
        The language of raw text, which spaCy splits into tokens.
    dataset : `str`, optional (default=`None`)
        The data set whose layout a column file has. Needed where the model was trained on several.
    tasks : `List[str]`, optional (default = all, in alphabetical order)
        The tasks whose tags are wanted, in the order of the columns.
    constrained : `bool`, optional (default=`None`)
        Whether sequences of tags that the encoding forbids are never given. `None`: yes, unless the
        config of the model says otherwise.
    probabilities : `Union[bool, str]`, optional (default=`False`)
        In JSON output, `true`: the probabilities of tags, spans and sequences; "all": also those of
        all tags that were not chosen.
    top_k : `int`, optional (default=`0`)
        In JSON output, how many of the best sequences of tags are given.
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
        constrained: Optional[bool] = None,
        probabilities: Union[bool, str] = False,
        top_k: int = 0,
    ) -> None:
        names = sorted(getattr(dataset_reader, "datasets", ()))
        if self.input_form == "conll" and dataset is None and len(names) > 1:
            raise ConfigurationError(
                f"the model was trained on several data sets ({', '.join(names)}): say which "
                f'layout the file has, as in --predictor-args \'{{"dataset": "{names[0]}"}}\''
            )
        if self.output_form == "conll" and (probabilities or top_k):
            raise ConfigurationError(
                "columns have no place for 'probabilities' and 'top_k'; choose a predictor with "
                "JSON as output"
            )
        _, reader = checked(model, dataset_reader)
        try:
            PredictionOptions.of(probabilities, top_k)  # refuses what is none
            settings = {"language": language, "tasks": tasks, "constrained": constrained}
            self._tagger = tagger_of(model, reader, dataset=dataset, **settings)
        except UserError as error:
            raise ConfigurationError(str(error)) from None
        self._reader = reader.for_prediction(dataset)
        self._asked: dict[str, Any] = {"probabilities": probabilities, "top_k": top_k}
        super().__init__(model, self._reader)

    # Input

    def load_line(self, line: str) -> JsonDict:
        if self.input_form == "conll":
            raise ConfigurationError(
                "a column file is read as a whole: add --use-dataset-reader to the command"
            )
        line = line.removeprefix(_BYTE_ORDER_MARK)
        if self.input_form == "text":
            return {"sentence": line.rstrip("\r\n")}
        return parse_json(line)

    def _inputs(self, given: JsonDict) -> list[TokenizedSentence]:
        sentences = sentences_of(given, self._tagger)
        if self.output_form == "conll" and "tokens" in given:
            for token in given["tokens"]:
                check_cell(token)
        return sentences

    # Prediction

    def predict(self, sentence: str) -> JsonDict:
        """Tags raw text."""
        return self.predict_json({"sentence": sentence})

    def predict_json(self, inputs: JsonDict) -> JsonDict:
        return self.predict_batch_json([inputs])[0]

    def predict_batch_json(self, inputs: list[JsonDict]) -> list[JsonDict]:
        split = [self._inputs(given) for given in inputs]
        tagged = iter(self._tagger.tag(itertools.chain.from_iterable(split), **self._asked))
        return [
            prediction_of(
                others_of(given, self._tagger), list(itertools.islice(tagged, len(sentences)))
            )
            for given, sentences in zip(inputs, split, strict=True)
        ]

    def predict_instance(self, instance: Instance) -> JsonDict:
        return self.predict_batch_instance([instance])[0]

    def predict_batch_instance(self, instances: list[Instance]) -> list[JsonDict]:
        given = [
            TokenizedSentence(about["tokens"], about["columns"])
            for about in (instance["metadata"].metadata for instance in instances)
        ]
        predictions = []
        with_spans = self.output_form == "json"
        tagged = self._tagger.tag(given, with_spans=with_spans, **self._asked)
        for instance, sentence in zip(instances, tagged, strict=True):
            prediction: JsonDict = {"sentences": [sentence.to_json()]}
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
        layout = self._tagger.layout
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

    input_form, output_form = "json", "json"


@Predictor.register("json_to_conll")
class JsonToConll(TaggerPredictor):
    """Registered as a `Predictor` with name "json_to_conll"; see `TaggerPredictor`."""

    input_form, output_form = "json", "conll"


@Predictor.register("text_to_json")
class TextToJson(TaggerPredictor):
    """Registered as a `Predictor` with name "text_to_json"; see `TaggerPredictor`."""

    input_form, output_form = "text", "json"


@Predictor.register("text_to_conll")
class TextToConll(TaggerPredictor):
    """Registered as a `Predictor` with name "text_to_conll"; see `TaggerPredictor`."""

    input_form, output_form = "text", "conll"


@Predictor.register("conll_to_json")
class ConllToJson(TaggerPredictor):
    """Registered as a `Predictor` with name "conll_to_json"; see `TaggerPredictor`."""

    input_form, output_form = "conll", "json"


@Predictor.register("conll_to_conll")
class ConllToConll(TaggerPredictor):
    """Registered as a `Predictor` with name "conll_to_conll"; see `TaggerPredictor`."""

    input_form, output_form = "conll", "conll"
