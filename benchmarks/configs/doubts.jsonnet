// The models of `benchmarks.doubts`: BiLSTM with one layer of 100, character CNN, CRF. A fixed number
// of epochs, as the labels that would choose the best one are wrong, too.
local inputs = import '../../training_config/lib/inputs.libsonnet';
local training = import '../../training_config/lib/training.libsonnet';

local input = inputs.words('data/glove/glove.6B.100d.trimmed.txt.gz', 100)
              + inputs.characters('cnn')
              + inputs.casing;
local encoding = 'IOBES';

{
  dataset_reader: {
    type: 'conll_columns',
    columns: { tokens: 0, pos: 1, chunk: 2 },
    tasks: { chunk: { encoding: 'BIO', model_encoding: encoding } },
    token_indexers: input.token_indexers,
  },
  train_data_path: 'data/conll2000/train.txt',
  vocabulary: input.vocabulary,
  model: {
    type: 'bilstm_tagger',
    text_field_embedder: { token_embedders: input.token_embedders },
    encoder: { hidden_sizes: [100], dropout: [0.25, 0.25] },
    tasks: { chunk: { type: 'crf', encoding: encoding } },
  },
  data_loader: training.batches(32),
  trainer: {
    optimizer: { type: 'nadam', lr: 0.002 },
    grad_norm: 1.0,
    num_epochs: 10,
    checkpointer: { keep_most_recent_by_count: 1 },
  },
}
