"""The tagger: shared embedder and encoder, a decoder for each task."""

from collections.abc import Sequence
from typing import Any, Optional, cast

import torch
from allennlp.common import Lazy, Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import Instance, TextFieldTensors, Vocabulary
from allennlp.models import Model
from allennlp.modules import TextFieldEmbedder
from allennlp.nn import InitializerApplicator, RegularizerApplicator
from allennlp.nn.util import get_text_field_mask

from bilstm_tagger.plugin.models.initial_weights import InitialWeights
from bilstm_tagger.plugin.models.task_scores import (
    Metadata,
    TaskScores,
    file_encoding,
    predicted_labels,
    tags_in_file,
)
from bilstm_tagger.plugin.modules.bilstm_encoder import BiLSTMEncoder
from bilstm_tagger.plugin.modules.decoders import TaskDecoder


@Model.register("bilstm_tagger")
class BiLSTMTagger(Model):
    """BiLSTM-CNN-CRF sequence tagging for one task or many (Reimers and Gurevych 2017, arXiv
    1707.06799; Ma and Hovy 2016; Lample et al. 2016).

    A training batch trains the decoders whose labels it holds. In evaluation and prediction all
    decoders run. Tags are decoded, and metrics computed, in evaluation only.

    Registered as a `Model` with name "bilstm_tagger".

    # Parameters

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
    embedding_dropout : `float`, optional (default=`0.0`)
        Dropped from the embedded tokens, all features independently (Lample et al. 2016; Ma and
        Hovy 2016), besides what the encoder drops.
    task_identifier : `bool`, optional (default=`False`)
        Whether the encoder is told of each token for which task it reads it (one-hot). It then
        reads a sentence once for each task.
    initial_weights : `str`, optional (default=`None`)
        A trained model that training starts from: an archive, the folder of a training, a model
        file, or the name of an installed model. Words, characters, values of features, layers and
        labels that both models have are carried over; the words and labels of the trained model
        are kept. Not needed once the model is stored. `None`: all parameters are new.
    """

    def __init__(
        self,
        vocab: Vocabulary,
        text_field_embedder: Lazy[TextFieldEmbedder],
        encoder: Lazy[BiLSTMEncoder],
        tasks: dict[str, Lazy[TaskDecoder]],
        initializer: Optional[InitializerApplicator] = None,
        regularizer: Optional[RegularizerApplicator] = None,
        embedding_dropout: float = 0.0,
        task_identifier: bool = False,
        initial_weights: Optional[str] = None,
        **kwargs: Any,  # of AllenNLP's Model: serialization_dir, ddp_accelerator
    ) -> None:
        super().__init__(vocab, regularizer, **kwargs)
        if not tasks:
            raise ConfigurationError("model.tasks is empty; name at least one task")
        self.initial_weights = initial_weights
        initial = None if initial_weights is None else InitialWeights(initial_weights)
        if initial is not None:
            initial.prepare(vocab, tasks)
        self.text_field_embedder = text_field_embedder.construct(vocab=vocab)
        if not 0.0 <= embedding_dropout < 1.0:
            raise ConfigurationError(
                f"model.embedding_dropout must be in [0, 1), found {embedding_dropout}"
            )
        self.embedding_dropout = embedding_dropout
        self.task_identifier = task_identifier
        size = self.text_field_embedder.get_output_dim() + task_identifier * len(tasks)
        self.encoder = encoder.construct(input_size=size)
        sizes = [size, *self.encoder.output_sizes]
        self.tasks = torch.nn.ModuleDict()
        for name, decoder in tasks.items():
            self.tasks[name] = decoder.construct(vocab=vocab, task=name, input_sizes=sizes)
        self._scores = TaskScores(self.decoders())
        if initializer is not None:
            initializer(self)
        # What comes from `initial_weights`, in lines for people.
        self.carried_over = [] if initial is None else initial.carry_over(self)

    @classmethod
    def _load(cls, config: Params, *args: Any, **kwargs: Any) -> Model:
        # A stored model has all weights, and the model that it started from may be gone.
        config.get("model").pop("initial_weights", None)
        return super()._load(config, *args, **kwargs)

    def decoders(self) -> dict[str, TaskDecoder]:
        """Name of each task to its decoder."""
        return cast(dict[str, TaskDecoder], dict(self.tasks.items()))

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
            For each task that the batch has labels of, ids (batch, length), or the labels that each
            token may have, (batch, length, labels) bool.
        metadata : `List[Dict[str, Any]]`, optional
            As the dataset reader gives it. Metrics need its `gold`, output its `tokens`.

        # Returns

        `Dict[str, Any]`
            `loss`, a scalar, where there are labels; 0 in evaluation where these are of auxiliary
            tasks alone. In evaluation also `tag_ids`, task to ids (batch, length), `mask` (batch,
            length), and `metadata`.
        """
        mask = get_text_field_mask(tokens)
        lengths: Optional[torch.Tensor] = mask.sum(1)
        padding: Optional[torch.Tensor] = mask
        if bool(mask.all()):
            # No padding: every layer takes its fast path.
            lengths = padding = None
        embedded = torch.nn.functional.dropout(
            self.text_field_embedder(tokens), self.embedding_dropout, self.training
        )

        labels = labels or {}
        self._check(labels, metadata)
        loss: Optional[torch.Tensor] = None
        tag_ids: dict[str, torch.Tensor] = {}
        wanted = [name for name in self.tasks if name in labels or not self.training]
        for name, emissions in self.emissions(embedded, lengths, wanted).items():
            decoder = self.decoders()[name]
            if name in labels and (self.training or decoder.evaluate):
                task_loss = decoder.loss(emissions, labels[name], padding)
                self._scores.add_loss(name, task_loss)
                weighted = decoder.loss_weight * task_loss
                loss = weighted if loss is None else loss + weighted
            if not self.training:
                # Without labels this is prediction: see `TaskDecoder.constrained`.
                constrained = None if labels else decoder.constrains_prediction()
                tag_ids[name] = decoder.decode(emissions, padding, constrained)

        output: dict[str, Any] = {}
        if loss is None and labels:
            # Auxiliary tasks alone, in evaluation: AllenNLP wants a loss of all batches or of none.
            loss = embedded.new_zeros(())
        if loss is not None:
            output["loss"] = loss
        if not self.training:
            output.update(tag_ids=tag_ids, mask=mask, metadata=metadata)
            if metadata is not None:
                self._scores.add_tags(tag_ids, mask.sum(1).tolist(), metadata)
        return output

    def emissions(
        self, embedded: torch.Tensor, lengths: Optional[torch.Tensor], tasks: Sequence[str]
    ) -> dict[str, torch.Tensor]:
        """The scores of all tags, for each task (batch, length, labels). Of embedded tokens,
        (batch, length, features), in sentences of these lengths, (batch,); `None`: there is no
        padding.
        """
        layers = [embedded]
        scores = {}
        for name in tasks:
            decoder = self.decoders()[name]
            if self.task_identifier:
                layers = [self._identified(embedded, name)]
            if decoder.level >= len(layers):
                layers += self.encoder(layers[0], lengths)
            scores[name] = decoder(layers, lengths)
        return scores

    def _identified(self, embedded: torch.Tensor, task: str) -> torch.Tensor:
        """Tokens, (..., features), with the identifier of a task behind the features."""
        identifier = torch.zeros(len(self.tasks), device=embedded.device, dtype=embedded.dtype)
        identifier[list(self.tasks).index(task)] = 1.0
        return torch.cat([embedded, identifier.expand(*embedded.shape[:-1], -1)], dim=-1)

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
                encoding = self.decoders()[name].encoding
                declared = encoding and encoding.name
                if given != declared:
                    raise ConfigurationError(
                        f"The dataset reader gives the labels of the task '{name}' in the encoding "
                        f"{given}, but model.tasks.{name}.encoding is {declared}; make them agree"
                    )

    @property
    def main_metrics(self) -> dict[str, str]:
        """Task to the metric that it is judged by, F1 or accuracy, for those that are evaluated."""
        return {
            name: f"{name}_accuracy" if decoder.encoding is None else f"{name}_f1"
            for name, decoder in self.decoders().items()
            if decoder.evaluate
        }

    @property
    def metric_names(self) -> set[str]:
        """The names of the metrics that validation gives, by which an epoch may be chosen."""
        names = {"loss", *self._scores.names}
        return names if self._regularizer is None else {"reg_loss", *names}

    def get_metrics(self, reset: bool = False) -> dict[str, float]:
        """The loss of each task and, of those evaluated, the scores: `<task>_accuracy`, and for an
        encoded one `<task>_precision`, `<task>_recall`, `<task>_f1`. All between 0 and 1, and of
        tags in the encoding of the files, as they are written.
        """
        return self._scores.get(with_scores=not self.training, reset=reset)

    def make_output_human_readable(self, output_dict: dict[str, Any]) -> dict[str, Any]:
        """Replaces ids by `tags`: for each sentence a dictionary, task to tags, in the encoding of
        the files. Adds `tokens`.
        """
        lengths = output_dict.pop("mask").sum(1).tolist()
        metadata = output_dict.pop("metadata") or [{} for _ in lengths]
        tag_ids = output_dict.pop("tag_ids")
        tags: list[dict[str, list[str]]] = [{} for _ in lengths]
        for name, decoder in self.decoders().items():
            rows = predicted_labels(decoder, tag_ids[name], lengths)
            for sentence, row, about in zip(tags, rows, metadata, strict=True):
                sentence[name] = tags_in_file(row, decoder, file_encoding(name, decoder, about))
        output_dict["tags"] = tags
        if all("tokens" in sentence for sentence in metadata):
            output_dict["tokens"] = [sentence["tokens"] for sentence in metadata]
        return output_dict

    def forward_on_instances(self, instances: list[Instance]) -> list[dict[str, Any]]:
        """Predicts sentences, in evaluation mode: for each `tags` and `tokens`, as of
        `make_output_human_readable`. Labels have no influence.
        """
        if not instances:
            return []
        unlabelled = [
            Instance({name: field for name, field in instance.items() if name != "labels"})
            for instance in instances
        ]
        training = self.training
        self.eval()
        try:
            outputs: list[dict[str, Any]] = super().forward_on_instances(unlabelled)
            return outputs
        finally:
            self.train(training)

    default_predictor = "json_to_json"
