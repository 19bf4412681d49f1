"""The tagger: shared embedder and encoder, a decoder for each task."""

from collections.abc import Sequence
from typing import Any, Optional, cast

import torch
from allennlp.common import Lazy
from allennlp.common.checks import ConfigurationError
from allennlp.data import Instance, TextFieldTensors, Vocabulary
from allennlp.data.fields import TextField
from allennlp.models import Model
from allennlp.modules import TextFieldEmbedder
from allennlp.nn import InitializerApplicator, RegularizerApplicator
from allennlp.nn.util import get_text_field_mask
from allennlp.training.metrics import Average, Metric

from bilstm_tagger.data.encodings import get_encoding
from bilstm_tagger.metrics import SpanF1, TokenAccuracy
from bilstm_tagger.models.token_projector import TokenProjector
from bilstm_tagger.modules.bilstm_encoder import BiLSTMEncoder
from bilstm_tagger.modules.decoders import TaskDecoder
from bilstm_tagger.modules.packed_lstm import Packing

Metadata = Sequence[dict[str, Any]]
Tags = list[list[str]]

# Sentences that are predicted together. With more, the states outgrow the cache of a processor.
GROUP_SIZE = 128


@Model.register("bilstm_tagger")
class BiLSTMTagger(Model):
    """BiLSTM-CNN-CRF sequence tagging for one task or many (Reimers and Gurevych 2017, arXiv
    1707.06799; Ma and Hovy 2016; Lample et al. 2016).

    A training batch trains the decoders whose labels it holds. In evaluation and prediction all
    decoders run. Tags are decoded, and metrics computed, in evaluation only.

    Registered as a `Model` with name "bilstm_tagger".

    # Parameters

    vocab : `Vocabulary`
        Supplied by AllenNLP.
    text_field_embedder : `TextFieldEmbedder`
        Words, characters and features to one vector for each token.
    encoder : `BiLSTMEncoder`
        The stacked BiLSTM that all tasks share.
    tasks : `Dict[str, TaskDecoder]`
        Name of each task, as in the dataset reader, to its decoder.
    initializer : `InitializerApplicator`, optional
        Initial values other than those of the modules.
    regularizer : `RegularizerApplicator`, optional
        A penalty on parameters, added to the loss of training.
    """

    def __init__(
        self,
        vocab: Vocabulary,
        text_field_embedder: TextFieldEmbedder,
        encoder: Lazy[BiLSTMEncoder],
        tasks: dict[str, Lazy[TaskDecoder]],
        initializer: Optional[InitializerApplicator] = None,
        regularizer: Optional[RegularizerApplicator] = None,
        **kwargs: Any,  # of AllenNLP's Model: serialization_dir, ddp_accelerator
    ) -> None:
        super().__init__(vocab, regularizer, **kwargs)
        if not tasks:
            raise ConfigurationError("model.tasks is empty; name at least one task")
        self.text_field_embedder = text_field_embedder
        self.encoder = encoder.construct(input_size=text_field_embedder.get_output_dim())
        self.tasks = torch.nn.ModuleDict(
            {
                name: decoder.construct(
                    vocab=vocab, task=name, input_sizes=self.encoder.output_sizes
                )
                for name, decoder in tasks.items()
            }
        )
        self._losses = {name: Average() for name in tasks}
        self._scores: dict[str, list[Metric]] = {
            name: self._metrics_of(decoder) for name, decoder in self._decoders().items()
        }
        self._evaluated: set[str] = set()
        self._project = TokenProjector(vocab, text_field_embedder, self.encoder)
        if initializer is not None:
            initializer(self)

    def _decoders(self) -> dict[str, TaskDecoder]:
        return cast(dict[str, TaskDecoder], dict(self.tasks.items()))

    @staticmethod
    def _metrics_of(decoder: TaskDecoder) -> list[Metric]:
        if decoder.encoding is None:
            return [TokenAccuracy()]
        return [TokenAccuracy(), SpanF1(decoder.encoding.name, decoder.per_type)]

    def forward(
        self,
        tokens: TextFieldTensors,
        labels: Optional[dict[str, torch.Tensor]] = None,
        metadata: Optional[Metadata] = None,
    ) -> dict[str, Any]:
        """
        # Parameters

        tokens : `TextFieldTensors`
            The tokens of a batch; padding, if any, is at the end.
        labels : `Dict[str, torch.Tensor]`, optional
            For each task that the batch has labels of, ids (batch, length).
        metadata : `List[Dict[str, Any]]`, optional
            As the dataset reader gives it. Metrics need its `gold`, output its `tokens`.

        # Returns

        `Dict[str, Any]`
            `loss`, a scalar, where there are labels. In evaluation also `tag_ids`, task to ids
            (batch, length), `mask` (batch, length), and `metadata`.
        """
        mask = get_text_field_mask(tokens)
        lengths: Optional[torch.Tensor] = mask.sum(1)
        padding: Optional[torch.Tensor] = mask
        if bool(mask.all()):
            # No padding: every layer takes its fast path.
            lengths = padding = None
        layers = self.encoder(self.text_field_embedder(tokens), lengths)

        labels = labels or {}
        self._check(labels, metadata)
        loss: Optional[torch.Tensor] = None
        tag_ids: dict[str, torch.Tensor] = {}
        for name, decoder in self._decoders().items():
            if self.training and name not in labels:
                continue
            emissions = decoder(layers, lengths)
            if name in labels:
                task_loss = decoder.loss(emissions, labels[name], padding)
                self._losses[name](task_loss.detach())
                weighted = decoder.loss_weight * task_loss
                loss = weighted if loss is None else loss + weighted
            if not self.training:
                tag_ids[name] = decoder.decode(emissions, padding)

        output: dict[str, Any] = {}
        if loss is not None:
            output["loss"] = loss
        if not self.training:
            output.update(tag_ids=tag_ids, mask=mask, metadata=metadata)
            if metadata is not None:
                self._score(tag_ids, mask, metadata)
        return output

    def _check(self, labels: dict[str, torch.Tensor], metadata: Optional[Metadata]) -> None:
        for name in labels:
            if name not in self.tasks:
                raise ConfigurationError(
                    f"The dataset reader gives labels of the task '{name}', for which the model "
                    f"has no decoder (it has {sorted(self.tasks)}); add it to model.tasks, or take "
                    "it out of 'tasks' of the dataset reader"
                )
        if not metadata or "model_encodings" not in metadata[0]:
            return
        for name, given in metadata[0]["model_encodings"].items():
            if name in self.tasks:
                encoding = self._decoders()[name].encoding
                declared = encoding and encoding.name
                if given != declared:
                    raise ConfigurationError(
                        f"The dataset reader gives the labels of the task '{name}' in the encoding "
                        f"{given}, but model.tasks.{name}.encoding is {declared}; make them agree"
                    )

    def _tags(self, task: str, ids: torch.Tensor, lengths: list[int], metadata: Metadata) -> Tags:
        """The tags of a batch, in the encoding of the files."""
        label = self._decoders()[task].labels.__getitem__
        rows = zip(ids.tolist(), lengths, strict=True)
        tags = [list(map(label, row[:length])) for row, length in rows]
        return self._as_in_files(task, tags, metadata)

    def _as_in_files(self, task: str, tags: Tags, metadata: Metadata) -> Tags:
        encoding = self._decoders()[task].encoding
        if encoding is None:
            return tags
        converted = []
        for row, about in zip(tags, metadata, strict=True):
            wanted = about.get("file_encodings", {}).get(task) or encoding.name
            if wanted != encoding.name:
                row = get_encoding(wanted).spans_to_tags(encoding.spans(row), len(row))
            converted.append(row)
        return converted

    def _score(
        self, tag_ids: dict[str, torch.Tensor], mask: torch.Tensor, metadata: Metadata
    ) -> None:
        lengths = mask.sum(1).tolist()
        for name, ids in tag_ids.items():
            if name in metadata[0].get("gold", ()):
                predicted = self._tags(name, ids, lengths, metadata)
                gold = self._as_in_files(name, [each["gold"][name] for each in metadata], metadata)
                self._evaluated.add(name)
                for metric in self._scores[name]:
                    metric(predicted, gold)

    def get_metrics(self, reset: bool = False) -> dict[str, float]:
        """The loss of each task and, of those evaluated, the scores: `<task>_accuracy`, and for an
        encoded one `<task>_precision`, `<task>_recall`, `<task>_f1`. All between 0 and 1, and of
        tags in the encoding of the files, as they are written.
        """
        metrics: dict[str, float] = {}
        for name, loss in self._losses.items():
            if loss._count:
                metrics[f"{name}_loss"] = float(loss.get_metric(reset))
        if not self.training:
            for name in self.tasks:
                if name in self._evaluated:
                    for metric in self._scores[name]:
                        for key, value in metric.get_metric(reset).items():
                            metrics[f"{name}_{key}"] = value
            if reset:
                self._evaluated.clear()
        return metrics

    def make_output_human_readable(self, output_dict: dict[str, Any]) -> dict[str, Any]:
        """Replaces ids by `tags`: for each sentence a dictionary, task to tags, in the encoding of
        the files. Adds `tokens`.
        """
        lengths = output_dict.pop("mask").sum(1).tolist()
        metadata = output_dict.pop("metadata") or [{} for _ in lengths]
        output_dict.update(self._readable(output_dict.pop("tag_ids"), lengths, metadata))
        return output_dict

    def _readable(
        self, tag_ids: dict[str, torch.Tensor], lengths: list[int], metadata: Metadata
    ) -> dict[str, list[Any]]:
        tags: list[dict[str, list[str]]] = [{} for _ in lengths]
        for name, ids in tag_ids.items():
            rows = self._tags(name, ids, lengths, metadata)
            for sentence, row in zip(tags, rows, strict=True):
                sentence[name] = row
        readable: dict[str, list[Any]] = {"tags": tags}
        if all("tokens" in each for each in metadata):
            readable["tokens"] = [each["tokens"] for each in metadata]
        return readable

    def forward_on_instances(self, instances: list[Instance]) -> list[dict[str, Any]]:
        """Predicts sentences of any lengths, in evaluation mode. Labels have no influence.

        # Returns

        `List[Dict[str, Any]]`
            For each sentence, in the order of the list, `tags` and `tokens`, as of
            `make_output_human_readable`.
        """
        outputs: list[dict[str, Any]] = [{} for _ in instances]
        training = self.training
        self.eval()
        try:
            # Sentences of similar length together make the fewest steps.
            order = sorted(range(len(instances)), key=lambda i: -len(instances[i]["tokens"]))
            for start in range(0, len(order), GROUP_SIZE):
                group = order[start : start + GROUP_SIZE]
                readable = self._predict([instances[index] for index in group])
                for key, values in readable.items():
                    for index, value in zip(group, values, strict=True):
                        outputs[index][key] = value
        finally:
            if training:
                self.train()
        return outputs

    def train(self, mode: bool = True) -> "BiLSTMTagger":
        if mode:
            self._project.clear()  # the weights will change
        return super().train(mode)

    @torch.no_grad()
    def _predict(self, instances: list[Instance]) -> dict[str, list[Any]]:
        """The readable output of sentences, the longest first."""
        fields = [cast(TextField, instance["tokens"]) for instance in instances]
        lengths = [len(field) for field in fields]
        projected, rows = self._project(fields)
        packing = Packing(torch.tensor(lengths, device=projected.device))
        layers = self.encoder.read(projected, packing, rows)
        tag_ids = {
            name: decoder.predict(layers, packing) for name, decoder in self._decoders().items()
        }
        metadata = [
            instance["metadata"].metadata if "metadata" in instance.fields else {}
            for instance in instances
        ]
        return self._readable(tag_ids, lengths, metadata)

    default_predictor = "json_to_json"
