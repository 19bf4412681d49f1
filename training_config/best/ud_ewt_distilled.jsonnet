(import '../lib/best.libsonnet').distilled('ud_ewt', 'build/soft/ud_ewt.jsonl')
