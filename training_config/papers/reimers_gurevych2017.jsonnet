// Reimers and Gurevych 2017 (arXiv 1707.06799), what they recommend: two layers of 100 units,
// variational dropout of 0.5, Nadam, gradients of norm 1 at most, CRF.
// Their 189 runs with these vectors, a CRF and variational dropout: chunking 93.43 in the median,
// 94.60 at most; with better vectors, a single run: 94.71.
// Measured, 3 seeds (docs/results.md): F1 95.50 +- 0.05 on dev, 94.72 +- 0.08 on test;
// 3 seeds of `pos`, accuracy, 96.06 +- 0.14 and 95.93 +- 0.07;
// 5 seeds of `ner`, F1, 51.62 +- 1.08 and 38.05 +- 1.63.
local corpora = import '../lib/corpora.libsonnet';
local inputs = import '../lib/inputs.libsonnet';
local training = import '../lib/training.libsonnet';

local input = inputs.words('data/glove/glove.6B.100d.trimmed.txt.gz', 100)
              + inputs.characters('cnn')
              + inputs.casing;
local encoding = 'IOBES';

corpora.conll2000(input.token_indexers, { chunk: { encoding: 'BIO', model_encoding: encoding } }) {
  vocabulary: input.vocabulary,
  model: {
    type: 'bilstm_tagger',
    text_field_embedder: { token_embedders: input.token_embedders },
    encoder: { hidden_sizes: [100, 100], dropout: [0.5, 0.5] },
    tasks: { chunk: { type: 'crf', encoding: encoding } },
  },
  data_loader: training.batches(32),
  trainer: training.trainer('+chunk_f1', 80, 15),
}
