"""The benchmark: this package beside `crf_tagger` of allennlp-models, side by side in one run.

`python -m benchmarks.run` measures, prints a table and writes `build/benchmark.json`;
`python -m benchmarks.check` holds a fresh short run against the targets. Both run in an environment
that has allennlp-models as well.
"""
