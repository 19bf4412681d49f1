"""What every decoder of a task has: the layer that it reads, own layers, and tag scores."""

from typing import Any, Optional

import torch
from allennlp.common import Lazy, Registrable
from allennlp.common.checks import ConfigurationError
from allennlp.data import Vocabulary

from bilstm_tagger.network.permitted_paths import AllowedTransitions
from bilstm_tagger.plugin.data.fields import label_namespace
from bilstm_tagger.plugin.modules.bilstm_encoder import BiLSTMEncoder
from bilstm_tagger.plugin.modules.decoders.label_weights import weights_of_labels
from bilstm_tagger.text.encodings import Encoding, get_encoding
from bilstm_tagger.text.tag_repair import REPAIRS


class TaskDecoder(torch.nn.Module, Registrable):
    """Reads a layer of the shared encoder, through own BiLSTM layers if asked, and scores tags.

    Subclasses say how scores become a loss and tags.

    # Parameters

    vocab, task, input_sizes
        Supplied by the model: its vocabulary, the name of the task, and the size of the embedded
        tokens and of the output of each shared layer.
    encoding : `str`, optional (default=`None`)
        The encoding of the labels, which is `model_encoding` (or else `encoding`) of the task in
        the dataset reader. `None`: plain labels. It decides how the task is scored: by the F1 of
        spans, or by accuracy.
    level : `int`, optional (default=`None`)
        The shared layer that is read, from 1 (Søgaard and Goldberg 2016); 0: the embedded tokens,
        by layers of the task's own, `encoder`. `None`: the last.
    encoder : `BiLSTMEncoder`, optional (default=`None`)
        BiLSTM layers of this task alone, between the shared layer and the scores.
    loss_weight : `float`, optional (default=`1.0`)
        The weight of the task's loss in a batch.
    evaluate : `bool`, optional (default=`True`)
        `False`: an auxiliary task, which is trained and predicted, but has no part in the loss and
        the metrics of validation, nor in the choice of an epoch.
    per_type : `bool`, optional (default=`False`)
        Whether precision, recall and F1 are given for each type of span, too. Needs `encoding`.
    constrained : `bool`, optional (default=`None`)
        Whether tag sequences that the encoding forbids are never given. `None`: not in evaluation,
        where the network is judged as it is, but in prediction. Needs `encoding`.
    repair : `str`, optional (default=`None`)
        What becomes of predicted tags that continue a chunk where none is open, before they are
        scored and written: "O" or "B". `None`: chunks are read as by conlleval. Needs `encoding`.
    label_weights : `Union[str, Dict[str, float]]`, optional (default=`None`)
        What labels, or types of spans, weigh in the loss, as in `{LOC: 2.0, O: 0.5}`; those that
        are not named weigh 1. "balanced": the rarer, the heavier; see `weights_of_labels`.
    """

    label_weights: Optional[torch.Tensor]

    def __init__(
        self,
        vocab: Vocabulary,
        task: str,
        input_sizes: list[int],
        encoding: Optional[str] = None,
        level: Optional[int] = None,
        encoder: Optional[Lazy[BiLSTMEncoder]] = None,
        loss_weight: float = 1.0,
        evaluate: bool = True,
        per_type: bool = False,
        constrained: Optional[bool] = None,
        repair: Optional[str] = None,
        label_weights: Any = None,
    ) -> None:
        super().__init__()
        self.key = key = f"model.tasks.{task}"
        labels = vocab.get_index_to_token_vocabulary(label_namespace(task))
        if not labels:
            raise ConfigurationError(
                f"{key}: the training data has no labels of this task, or all of them are missing; "
                "declare it under 'tasks' of the dataset reader, or take it out of the model"
            )
        last = len(input_sizes) - 1
        level = last if level is None else level
        if not 0 <= level <= last:
            raise ConfigurationError(
                f"{key}.level is {level}, but the shared encoder has layers 1 to {last} (0: the "
                "embedded tokens)"
            )
        if level == 0 and encoder is None:
            raise ConfigurationError(
                f"{key}.level is 0, the embedded tokens: give the task layers of its own, 'encoder'"
            )
        try:
            self.encoding: Optional[Encoding] = encoding and get_encoding(encoding)  # type: ignore[assignment]
        except ValueError as error:
            raise ConfigurationError(f"{key}.encoding: {error}") from None
        options = {
            "per_type": per_type,
            "constrained": constrained is not None,
            "repair": repair is not None,
        }
        for option, wanted in options.items():
            if wanted and self.encoding is None:
                raise ConfigurationError(f"{key}.{option} needs the 'encoding' of the task")
        if repair not in (None, *REPAIRS):
            raise ConfigurationError(
                f"{key}.repair must be one of {', '.join(REPAIRS)}, found {repair!r}"
            )
        self.labels = [labels[index] for index in range(len(labels))]
        self.level = level
        self.loss_weight = loss_weight
        self.evaluate = evaluate
        self.per_type = per_type
        self.repair = repair
        self.constrained = constrained
        self.allowed: Optional[AllowedTransitions] = None
        if self.encoding is not None:
            try:
                rules: Any = self.encoding.allowed(self.labels)
            except ValueError as error:
                raise ConfigurationError(
                    f"{key}.encoding does not fit the labels: {error}; it must be that of the "
                    "task's labels in the dataset reader, 'model_encoding' or else 'encoding'"
                ) from None
            self.allowed = AllowedTransitions(*(torch.tensor(rule) for rule in rules))
        weights = None
        if label_weights is not None:
            # Not a part of AllenNLP's interface; there is none in a vocabulary of files.
            counts = getattr(vocab, "_retained_counter", None)
            counts = (counts or {}).get(label_namespace(task)) or None
            of_spans = self.encoding is not None
            weights = weights_of_labels(
                label_weights, self.labels, of_spans, counts, f"{key}.label_weights"
            )
        # Stored with the model, whose vocabulary does not keep how often it has seen labels.
        self.register_buffer("label_weights", weights)
        size = input_sizes[level]
        self.encoder = None if encoder is None else encoder.construct(input_size=size)
        if self.encoder is not None:
            size = self.encoder.output_sizes[-1]
        self.scorer = torch.nn.Linear(size, len(self.labels))
        torch.nn.init.xavier_uniform_(self.scorer.weight)
        torch.nn.init.zeros_(self.scorer.bias)
        self.build()

    # Not a constructor: theirs would have to repeat all these parameters for `FromParams`.
    def build(self) -> None:
        """Makes what a kind of decoder has beside the scores; by default, nothing."""

    def forward(
        self, layers: list[torch.Tensor], lengths: Optional[torch.Tensor] = None
    ) -> torch.Tensor:
        """Scores of all tags, (batch, length, labels).

        # Parameters

        layers : `List[torch.Tensor]`
            The embedded tokens and the output of each shared layer, (batch, length, size).
        lengths : `torch.Tensor`, optional
            Shape (batch,). `None`: all sentences are of full length.
        """
        hidden = layers[self.level]
        if self.encoder is not None:
            hidden = self.encoder(hidden, lengths)[-1]
        return self.scorer(hidden)

    def weights(self) -> Optional[torch.Tensor]:
        """The weights of labels in the loss, (labels,), if there are any."""
        if self.label_weights is not None and bool(self.label_weights.isnan().any()):
            raise ConfigurationError(
                f"{self.key}.label_weights: 'balanced' needs to know how often the training data "
                "has each label, which this 'vocabulary' does not: give the weights as numbers"
            )
        return self.label_weights

    def _constrains(self, wanted: Optional[bool]) -> bool:
        return bool(self.constrained if wanted is None else wanted)

    def constrains_prediction(self) -> bool:
        """Whether prediction is constrained: as the decoder is set, or else if it can be."""
        if self.allowed is None:
            return False
        if self.constrained is not None:
            return self.constrained
        assert self.encoding is not None
        return self.encoding.allowed(self.labels).fits_any_length

    def loss(
        self, emissions: torch.Tensor, gold: torch.Tensor, mask: Optional[torch.Tensor] = None
    ) -> torch.Tensor:
        """The loss of a batch, a scalar.

        # Parameters

        emissions : `torch.Tensor`
            Scores, (batch, length, labels).
        gold : `torch.Tensor`
            Ids, (batch, length) long; `UNKNOWN_LABEL` where the model does not have the label. Or,
            where labels are known in part, those that each token may have, (batch, length, labels)
            bool; none where the model does not have the label. Or, where they have probabilities,
            these, of the same shape, float.
        mask : `torch.Tensor`, optional
            Tokens, (batch, length), bool. `None`: there is no padding.
        """
        raise NotImplementedError

    def decode(
        self,
        emissions: torch.Tensor,
        mask: Optional[torch.Tensor] = None,
        constrained: Optional[bool] = None,
    ) -> torch.Tensor:
        """The best tags, ids (batch, length).

        # Parameters

        emissions : `torch.Tensor`
            Scores, (batch, length, labels).
        mask : `torch.Tensor`, optional
            Tokens, (batch, length), bool. `None`: there is no padding.
        constrained : `bool`, optional (default = as the decoder is set)
            Whether sequences that the encoding forbids are left out.
        """
        raise NotImplementedError
