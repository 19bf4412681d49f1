// Ma and Hovy 2016, End-to-end Sequence Labeling via Bi-directional LSTM-CNNs-CRF (P16-1101): words
// (trained on from GloVe), character CNN, one layer of 200 units, CRF, SGD with momentum and decay.
// The paper: named entities of CoNLL-2003 91.21; it has no chunking.
// Measured, 3 seeds (docs/results.md): F1 95.65 +- 0.06 on dev, 94.86 +- 0.07 on test;
// 3 seeds of `pos`, accuracy, 96.23 +- 0.04 and 96.31 +- 0.04;
// 5 seeds of `ner`, F1, 48.26 +- 0.86 and 37.26 +- 1.58.
local corpora = import '../lib/corpora.libsonnet';
local inputs = import '../lib/inputs.libsonnet';
local training = import '../lib/training.libsonnet';

local input = inputs.words('data/glove/glove.6B.100d.trimmed.txt.gz', 100, trainable=true)
              + inputs.characters('cnn');
local encoding = 'IOBES';

corpora.conll2000(input.token_indexers, { chunk: { encoding: 'BIO', model_encoding: encoding } }) {
  vocabulary: input.vocabulary,
  model: {
    type: 'bilstm_tagger',
    text_field_embedder: { token_embedders: input.token_embedders },
    // Of the input and of the output of the layer.
    embedding_dropout: 0.5,
    encoder: { hidden_sizes: [200], dropout: 0.5 },
    tasks: { chunk: { type: 'crf', encoding: encoding } },
  },
  data_loader: training.batches(10),
  trainer: training.trainer('+chunk_f1', 50, 10) {
    optimizer: { type: 'sgd', lr: 0.015, momentum: 0.9 },
    learning_rate_scheduler: { type: 'inverse_time_decay', decay: 0.05 },
    grad_norm: 5.0,
  },
}
