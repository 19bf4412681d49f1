// Names of WNUT-17 without a transformer, from the annotated data and from what models of
// wnut17_transformer find probable in them and in tweets of BTC; see scripts/best.sh and
// docs/distillation.md.
// Measured, 3 seeds, with one teacher: F1 55.54 +- 0.44 on dev, 43.38 +- 1.33 on test.
(import '../lib/best.libsonnet').distilled('wnut17', 'build/soft/wnut17.jsonl')
