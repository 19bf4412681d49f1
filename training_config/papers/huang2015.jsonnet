// Huang, Xu and Yu 2015, Bidirectional LSTM-CRF Models for Sequence Tagging (arXiv 1508.01991):
// words and their spelling (here the casing class), one layer, CRF; no characters.
// The paper, with Senna vectors of 50 dimensions: chunking 94.46.
// Measured, 3 seeds (docs/results.md): F1 93.54 +- 0.27 on dev, 92.69 +- 0.28 on test;
// 3 seeds of `pos`, accuracy, 94.68 +- 0.06 and 94.94 +- 0.03;
// 5 seeds of `ner`, F1, 44.16 +- 0.62 and 33.86 +- 0.46.
local corpora = import '../lib/corpora.libsonnet';
local inputs = import '../lib/inputs.libsonnet';
local training = import '../lib/training.libsonnet';

local input = inputs.words('data/glove/glove.6B.100d.trimmed.txt.gz', 100, trainable=true)
              + inputs.casing;
local encoding = 'BIO';

corpora.conll2000(input.token_indexers, { chunk: { encoding: 'BIO', model_encoding: encoding } }) {
  vocabulary: input.vocabulary,
  model: {
    type: 'bilstm_tagger',
    text_field_embedder: { token_embedders: input.token_embedders },
    encoder: { hidden_sizes: [300], dropout: 0 },
    tasks: { chunk: { type: 'crf', encoding: encoding } },
  },
  data_loader: training.batches(100),
  trainer: training.trainer('+chunk_f1', 60, 10) {
    optimizer: { type: 'sgd', lr: 0.1 },
    // The paper does not speak of clipping; with a norm of 1, 30 epochs came to 90.31 on dev.
    grad_norm: 5.0,
  },
}
