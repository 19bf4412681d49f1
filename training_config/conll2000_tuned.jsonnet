// Chunking on CoNLL-2000 with the settings that a search of reimers_gurevych2017 found best, rounded
// (docs/findings/search.md): larger layers, smaller batches, and the averages of the weights; with
// more dropout, more epochs, and averages over more steps.
// Measured, 3 seeds (docs/results.md): F1 95.80 +- 0.01 on dev, 95.00 +- 0.12 on test.
local corpora = import 'lib/corpora.libsonnet';
local inputs = import 'lib/inputs.libsonnet';
local training = import 'lib/training.libsonnet';

local input = inputs.words('data/glove/glove.6B.100d.trimmed.txt.gz', 100)
              + inputs.characters('cnn')
              + inputs.casing;
local encoding = 'IOBES';

corpora.conll2000(input.token_indexers, { chunk: { encoding: 'BIO', model_encoding: encoding } }) {
  vocabulary: input.vocabulary,
  model: {
    type: 'bilstm_tagger',
    text_field_embedder: { token_embedders: input.token_embedders },
    encoder: { hidden_sizes: [150, 150], dropout: [0.3, 0.5] },
    tasks: { chunk: { type: 'crf', encoding: encoding } },
  },
  data_loader: training.batches(16),
  trainer: training.trainer('+chunk_f1', 40, 12) {
    moving_average: { type: 'recoverable_exponential', decay: 0.999 },
  },
}
