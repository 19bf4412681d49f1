// The English model of the package: universal parts of speech, those of the Penn Treebank, chunks and
// names over the same layers, and where sentences start. It learns from annotated corpora and from what
// a teacher with a transformer finds probable in their text (docs/distillation.md). `make models` trains
// the teacher and three seeds, and makes the model file. Measured, 3 seeds, on test (models/english.md):
// UPOS 96.53 +- 0.03, XPOS 95.97 +- 0.03, chunks 94.99 +- 0.05, names 76.29 +- 0.12 (UNER) and
// 69.68 +- 0.47 (BTC, section h).
local data = import 'lib/corpora.libsonnet';
local english = import 'lib/english.libsonnet';

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

// The sentences of UNER have names alone; these have all tasks, so they are read in each case.
english.config(english.input, 12) {
  train_data_path: { uner: 'build/english/uner-train.conll' },
  validation_data_path+: { ewt_text: 'build/english/ewt_text-dev.conll' },
  model+: {
    // Less than that of the teacher: probabilities leave less to learn by heart.
    encoder+: { dropout: [0.2, 0.25] },
    tasks+: {
      // By few units, as it is done before all else.
      sentence: { type: 'softmax', level: 0, encoder: { hidden_sizes: [64] }, loss_weight: 10 },
    },
  },
} + data.in_each_case(datasets, files)
