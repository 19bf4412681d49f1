"""(f) The CRF and (g) the BiLSTM, each on its own."""

from functools import partial

from benchmarks.plan import Plan, progress
from benchmarks.processes import Worker
from benchmarks.samples import Figure, Sample, alternate
from benchmarks.settings import OURS, SIDES, THEIRS

# Name of the kernel, title, what it is held against, and calls that make one measurement.
_CRF = [
    ("gradient", "CRF loss + gradient", "AllenNLP's CRF", 20),
    ("viterbi", "CRF Viterbi", "AllenNLP's CRF", 20),
    ("marginals", "CRF marginals", "gradient of AllenNLP's log Z", 20),
]
_SIZES = [(24, 23), (60, 60)]


def part_figures(plan: Plan) -> list[Figure]:
    """Measures ours and theirs in turn, in one process."""
    figures = []
    repetitions = plan.repetitions(15, 7)
    with Worker(plan.directory, "parts") as worker:

        def compare(
            key: str, title: str, against: str, name: str, calls: int, length: int, tags: int
        ) -> Figure:
            progress(title)

            def measure(side: str) -> Sample:
                return worker.measure(
                    "kernel", name=name, side=side, calls=calls, length=length, tags=tags
                )

            samples = alternate({side: partial(measure, side) for side in SIDES}, repetitions)
            return Figure(key, title, against, samples[OURS], samples[THEIRS])

        for length, tags in _SIZES:
            for name, title, against, calls in _CRF:
                key = f"f_crf_{name}_{length}x{tags}"
                title = f"(f) {title}, 32 x {length} x {tags}"
                fewer = calls if tags < 50 else max(calls // 5, 1)
                figures.append(compare(key, title, against, name, fewer, length, tags))
        title = "(g) BiLSTM, both variational masks"
        figures.append(compare("g_bilstm", title, "torch.nn.LSTM, no masks", "lstm", 20, 24, 23))
    return figures
