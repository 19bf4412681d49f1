// Universal parts of speech of English (UD English EWT) and French (UD French Sequoia) by one network:
// a data set for each language, one task, and one table of word vectors. To make its file:
//   python scripts/align_vectors.py data/french/vectors.300d.txt.gz \
//     data/glove/glove.6B.100d.trimmed.txt.gz -o build/multilingual/vectors.300d.txt.gz
// Measured, 1 seed: accuracy on test 95.98 (English) and 97.74 (French).
local inputs = import 'lib/inputs.libsonnet';
local training = import 'lib/training.libsonnet';

local input = inputs.words('build/multilingual/vectors.300d.txt.gz', 300, more={
                trainable_unknown: true,
                word_dropout: 0.05,
              })
              + inputs.characters('cnn', more={ num_filters: 50 })
              + inputs.casing;
local conllu = { conllu: true, columns: { tokens: 1, upos: 3 }, tasks: { upos: {} } };
local files(part) = {
  ewt: 'data/ud_english_ewt/en_ewt-ud-%s.conllu' % part,
  sequoia: 'data/french/fr_sequoia-ud-%s.conllu' % part,
};

{
  dataset_reader: {
    type: 'conll_columns',
    datasets: {
      ewt: conllu { language: 'en' },
      sequoia: conllu { language: 'fr' },
    },
    token_indexers: input.token_indexers,
  },
  train_data_path: files('train'),
  validation_data_path: files('dev'),
  test_data_path: files('test'),
  evaluate_on_test: true,
  vocabulary: input.vocabulary,
  model: {
    type: 'bilstm_tagger',
    text_field_embedder: { token_embedders: input.token_embedders },
    encoder: { hidden_sizes: [100, 100], dropout: [0.3, 0.5] },
    tasks: { upos: { type: 'softmax' } },
  },
  data_loader: training.batches(32) { batch_sampler+: { schedule: 'proportional' } },
  trainer: training.trainer('+upos_accuracy', 15) {
    learning_rate_scheduler: { type: 'linear_with_warmup', warmup_steps: 300 },
    moving_average: { type: 'recoverable_exponential', decay: 0.999 },
  },
}
