"""The targets: how many times better ours has to be, for each figure that has a target."""

from dataclasses import dataclass

from benchmarks.samples import Figure

# A figure as it comes out of one short run may miss its target by a fifth.
TOLERANCE = 0.2

# Key of a figure to the least ratio of medians, reference by ours.
TARGETS = {
    "a_training": 5.0,
    "a_training_by_plain_loop": 0.85,
    "b_decoding": 7.0,
    "b_decoding_by_plain_loop": 0.7,
    "c_evaluate_json": 5.0,
    "c_predict_json": 6.0,
    "c_predict_conll": 6.0,
    "d_reading_again_plain": 5.0,
    "d_reading_again_gzip": 5.0,
    "e_memory_training": 1.0,
    "e_memory_start_plain": 1.0,
    "e_memory_start_gzip": 1.0,
    "f_crf_gradient_24x23": 7.0,
    "f_crf_gradient_60x60": 7.0,
    "f_crf_viterbi_24x23": 20.0,
    "f_crf_viterbi_60x60": 20.0,
    "g_bilstm": 0.85,
    "plain_training_by_products": 0.4,
    "plain_decoding_by_products": 0.4,
}


@dataclass(frozen=True)
class Verdict:
    """How a figure stands to its target."""

    key: str
    ratio: float
    target: float
    tolerance: float = TOLERANCE

    @property
    def reached(self) -> bool:
        """Whether the target itself is."""
        return self.ratio >= self.target

    @property
    def passed(self) -> bool:
        """Whether it is reached, or missed by no more than is tolerated."""
        return self.ratio >= self.target * (1.0 - self.tolerance)

    def __str__(self) -> str:
        state = "reached" if self.reached else "nearly reached" if self.passed else "MISSED"
        return f"{self.key}: {self.ratio:.2f} x, target {self.target:g} x: {state}"


def verdicts(figures: list[Figure]) -> list[Verdict]:
    """Of all figures that have a target."""
    return [
        Verdict(figure.key, figure.ratio(), TARGETS[figure.key])
        for figure in figures
        if figure.key in TARGETS
    ]
