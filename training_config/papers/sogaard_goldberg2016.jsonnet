// Søgaard and Goldberg 2016, Deep multi-task learning with low level tasks supervised at lower
// layers (P16-2038): three shared layers, parts of speech at the first, chunks at the third, both by
// softmax. (The paper disturbs the input by Gaussian noise, here it is dropout.)
// The paper: chunking 95.56.
// Measured, 3 seeds (docs/results.md): chunks, F1, 94.45 +- 0.03 on dev, 93.64 +- 0.09 on test;
// parts of speech, accuracy, 95.08 +- 0.01 and 96.91 +- 0.05.
local corpora = import '../lib/corpora.libsonnet';
local inputs = import '../lib/inputs.libsonnet';
local training = import '../lib/training.libsonnet';

local input = inputs.words('data/glove/glove.6B.100d.trimmed.txt.gz', 100, trainable=true);

corpora.conll2000(input.token_indexers, { pos: {}, chunk: { encoding: 'BIO' } }) {
  vocabulary: input.vocabulary,
  model: {
    type: 'bilstm_tagger',
    text_field_embedder: { token_embedders: input.token_embedders },
    embedding_dropout: 0.25,
    encoder: { hidden_sizes: [100, 100, 100], dropout: 0 },
    tasks: {
      pos: { type: 'softmax', level: 1 },
      chunk: { type: 'softmax', level: 3, encoding: 'BIO' },
    },
  },
  data_loader: training.batches(8),
  trainer: training.trainer('+chunk_f1', 30) {
    optimizer: { type: 'sgd', lr: 0.1, momentum: 0.9 },
    grad_norm: 5.0,
  },
}
