// Lample et al. 2016, Neural Architectures for Named Entity Recognition (N16-1030): words (trained
// on), character BiLSTM, one layer of 100 units, CRF, SGD sentence by sentence.
// The paper: named entities of CoNLL-2003 90.94; it has no chunking.
// Measured, 3 seeds (docs/results.md): F1 94.28 +- 0.06 on dev, 93.71 +- 0.01 on test;
// 3 seeds of `ner`, F1, 43.61 +- 0.87 and 32.25 +- 0.83.
local corpora = import '../lib/corpora.libsonnet';
local inputs = import '../lib/inputs.libsonnet';
local training = import '../lib/training.libsonnet';

local input = inputs.words('data/glove/glove.6B.100d.trimmed.txt.gz', 100, trainable=true)
              + inputs.characters('lstm');
local encoding = 'IOBES';

corpora.conll2000(input.token_indexers, { chunk: { encoding: 'BIO', model_encoding: encoding } }) {
  vocabulary: input.vocabulary,
  model: {
    type: 'bilstm_tagger',
    text_field_embedder: { token_embedders: input.token_embedders },
    embedding_dropout: 0.5,
    encoder: { hidden_sizes: [100], dropout: 0 },
    tasks: { chunk: { type: 'crf', encoding: encoding } },
  },
  data_loader: training.batches(1),
  trainer: training.trainer('+chunk_f1', 30, 5) {
    optimizer: { type: 'sgd', lr: 0.01 },
    grad_norm: 5.0,
  },
}
