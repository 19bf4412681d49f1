// Names of WNUT-17 without a transformer, from the annotated data and from what models of
// wnut17_transformer find probable in them and in tweets of BTC; see scripts/best.sh and
// docs/distillation.md.
// Measured, 2 seeds, with one teacher: F1 56.04 and 55.33 on dev, 43.43 and 44.68 on test.
(import '../lib/best.libsonnet').distilled('wnut17', 'build/soft/wnut17.jsonl')
