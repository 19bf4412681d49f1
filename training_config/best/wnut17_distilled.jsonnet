(import '../lib/best.libsonnet').distilled('wnut17', 'build/soft/wnut17.jsonl')
