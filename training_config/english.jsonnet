// The English model of the package: universal parts of speech, those of the Penn Treebank, chunks and
// names over the same layers, and where sentences start. It learns from annotated corpora and from what
// a teacher with a transformer finds probable in their text (docs/distillation.md). `make models` trains
// the teacher and three seeds, and makes the model file. Measured, 3 seeds, on test (models/english.md):
// UPOS 96.33 +- 0.05, XPOS 95.66 +- 0.06, chunks 94.79 +- 0.04, names 75.74 +- 0.35 (UNER) and
// 68.84 +- 0.87 (BTC, section h).
local data = import 'lib/corpora.libsonnet';
local english = import 'lib/english.libsonnet';

// What is read as it is written, and again in lower and in upper case.
local datasets = {
  // All corpora but UNER, each sentence with all tasks.
  corpora: data.probable({
    upos: null,
    xpos: null,
    chunk: english.encoding,
    ner: english.encoding,
  }),
  ewt_text: {
    columns: { tokens: 0, sentence: 1 },
    delimiter: '\t',
    tasks: { sentence: {} },
  },
};
// These are made by scripts/english.sh.
local files = {
  corpora: 'build/english/train.jsonl',
  ewt_text: 'build/english/ewt_text-train.conll',
};
// How much of it an epoch has in each case.
local shares = { lower: 0.15, upper: 0.1 };
local in_each_case(of) = {
  ['%s_%s' % [dataset, casing]]: of(dataset, casing)
  for dataset in std.objectFields(datasets)
  for casing in std.objectFields(shares)
};

english.config(english.input, 12) {
  dataset_reader+: {
    datasets+: datasets + in_each_case(function(dataset, casing) datasets[dataset] { casing: casing }),
  },
  train_data_path: files { uner: 'build/english/uner-train.conll' }
                   + in_each_case(function(dataset, casing) files[dataset]),
  validation_data_path+: { ewt_text: 'build/english/ewt_text-dev.conll' },
  data_loader+: {
    batch_sampler+: { shares: in_each_case(function(dataset, casing) shares[casing]) },
  },
  model+: {
    // Less than that of the teacher: probabilities leave less to learn by heart.
    encoder+: { dropout: [0.2, 0.25] },
    tasks+: {
      // By few units, as it is done before all else.
      sentence: { type: 'softmax', level: 0, encoder: { hidden_sizes: [64] }, loss_weight: 10 },
    },
  },
}
