(import '../lib/best.libsonnet').distilled('conll2000', 'build/soft/conll2000.jsonl')
