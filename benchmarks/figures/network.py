"""(a) Training and (b) decoding, their floors, and (e) the memory of training."""

from functools import partial

from benchmarks.corpus import read_rows
from benchmarks.plan import Plan, progress
from benchmarks.processes import Worker
from benchmarks.samples import MEMORY, Figure, Sample, alternate
from benchmarks.settings import OURS, SIDES, THEIRS

CRF_TAGGER = "crf_tagger"
PLAIN = "plain loop"
PRODUCTS = "matrix products alone"


def network_figures(plan: Plan) -> list[Figure]:
    """Measures both sides in turn, each in its own process."""
    settings = plan.settings()
    test = settings.test
    repetitions = plan.repetitions(5, 3)
    with Worker(plan.directory, OURS) as ours, Worker(plan.directory, THEIRS) as theirs:
        workers = {OURS: ours, THEIRS: theirs}
        for side, worker in workers.items():
            progress(f"(a) building {side}")
            sentences = worker.build(side, settings)
            progress(f"(a) first epoch of {side}, which does not count: {sentences} sentences")
            worker.measure("train_epoch")

        def floor(kind: str, what: str) -> Sample:
            return ours.measure("floor", kind=kind, what=what, path=test)

        progress(f"(a) {repetitions} epochs of each side")
        training = alternate(
            {side: partial(workers[side].measure, "train_epoch") for side in SIDES},
            repetitions,
        )
        progress("(a) epochs beside the floors")
        floors = alternate(
            {
                OURS: lambda: ours.measure("train_epoch"),
                PLAIN: lambda: floor("plain", "train"),
                PRODUCTS: lambda: floor("products", "train"),
            },
            repetitions,
        )
        progress(f"(b) decoding, {repetitions} times")
        decoding = alternate(
            {
                **{side: partial(workers[side].measure, "decode", path=test) for side in SIDES},
                PLAIN: lambda: floor("plain", "decode"),
                PRODUCTS: lambda: floor("products", "decode"),
            },
            plan.repetitions(7, 5),
        )
        scoring, in_file_order = (
            alternate(
                {
                    side: partial(workers[side].measure, "decode", path=test, **{way: True})
                    for side in SIDES
                },
                plan.repetitions(5, 3),
            )
            for way in ("labelled", "in_file_order")
        )
    tested = len(read_rows(plan.corpus("test")))

    def figure(
        key: str, title: str, against: str, ours: list[Sample], other: list[Sample], amount: int
    ) -> Figure:
        return Figure(key, title, against, ours, other, amount=amount, unit="sentences")

    return [
        figure(
            "a_training",
            "(a) training epoch",
            CRF_TAGGER,
            training[OURS],
            training[THEIRS],
            sentences,
        ),
        figure(
            "a_training_by_plain_loop",
            "(a) training epoch",
            PLAIN,
            floors[OURS],
            floors[PLAIN],
            sentences,
        ),
        figure(
            "plain_training_by_products",
            "    plain loop, training",
            PRODUCTS,
            floors[PLAIN],
            floors[PRODUCTS],
            sentences,
        ),
        figure("b_decoding", "(b) decoding", CRF_TAGGER, decoding[OURS], decoding[THEIRS], tested),
        figure(
            "b_decoding_in_file_order",
            "(b) decoding, 32 at a time in the order of the file",
            CRF_TAGGER,
            in_file_order[OURS],
            in_file_order[THEIRS],
            tested,
        ),
        figure(
            "b_scoring",
            "(b) decoding, with loss and scores",
            CRF_TAGGER,
            scoring[OURS],
            scoring[THEIRS],
            tested,
        ),
        figure(
            "b_decoding_by_plain_loop",
            "(b) decoding",
            PLAIN,
            decoding[OURS],
            decoding[PLAIN],
            tested,
        ),
        figure(
            "plain_decoding_by_products",
            "    plain loop, decoding",
            PRODUCTS,
            decoding[PLAIN],
            decoding[PRODUCTS],
            tested,
        ),
        Figure(
            "e_memory_training",
            "(e) peak memory, training",
            CRF_TAGGER,
            training[OURS][-1:],
            training[THEIRS][-1:],
            MEMORY,
        ),
    ]
