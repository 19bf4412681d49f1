"""The stacked BiLSTM as a part of a config."""

from typing import Optional, Union

from allennlp.common import FromParams
from allennlp.common.checks import ConfigurationError

from bilstm_tagger.network.stacked_bilstm import StackedBiLSTM


class BiLSTMEncoder(StackedBiLSTM, FromParams):
    """A `StackedBiLSTM` whose settings come from a config.

    # Parameters

    hidden_sizes : `List[int]`
        Units per direction of each layer.
    dropout : `Union[float, List[float]]`, optional (default=`(0.25, 0.25)`)
        A pair: variational dropout of the input and of h(t-1) of every layer. A number: naive
        dropout of the output of every layer. 0: none.
    recurrent_masks : `str`, optional (default=`"batch"`)
        Whether the mask on h(t-1) is drawn for each "batch" (fast) or each "sequence".
    """

    def __init__(
        self,
        input_size: int,
        hidden_sizes: list[int],
        # Not a tuple: AllenNLP would drop a third number without a word.
        dropout: Optional[Union[list[float], float]] = (0.25, 0.25),  # type: ignore[assignment]
        recurrent_masks: str = "batch",
    ) -> None:
        try:
            super().__init__(input_size, hidden_sizes, dropout, recurrent_masks)
        except ValueError as error:
            raise ConfigurationError(f"encoder: {error}") from None


def sizes_of(encoder: BiLSTMEncoder) -> list[int]:
    """Units per direction of each layer."""
    return [size // 2 for size in encoder.output_sizes]
