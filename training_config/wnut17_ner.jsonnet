// Emerging entities on WNUT-17: BiLSTM, character CNN, CRF (Ma and Hovy 2016; Reimers and Gurevych
// 2017).
// Measured, 5 seeds: F1 49.31 +- 0.94 on dev, 37.19 +- 0.93 on test.
local inputs = import 'lib/inputs.libsonnet';
local training = import 'lib/training.libsonnet';

local input = inputs.words('data/glove/glove.6B.100d.trimmed.txt.gz', 100)
              + inputs.characters('cnn')
              + inputs.casing;
local encoding = 'IOBES';

{
  dataset_reader: {
    type: 'conll_columns',
    delimiter: '\t',
    columns: { tokens: 0, ner: 1 },
    tasks: { ner: { encoding: 'BIO', model_encoding: encoding } },
    token_indexers: input.token_indexers,
  },
  train_data_path: 'data/wnut17/train.conll',
  validation_data_path: 'data/wnut17/dev.conll',
  test_data_path: 'data/wnut17/test.conll',
  evaluate_on_test: true,
  vocabulary: input.vocabulary,
  model: {
    type: 'bilstm_tagger',
    text_field_embedder: { token_embedders: input.token_embedders },
    encoder: { hidden_sizes: [100, 100], dropout: [0.25, 0.25] },
    tasks: { ner: { type: 'crf', encoding: encoding } },
  },
  data_loader: training.batches(32),
  trainer: training.trainer('+ner_f1', 30, 10),
}
