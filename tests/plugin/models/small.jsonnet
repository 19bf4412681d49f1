// Three tasks that read different layers, one with layers of its own: small, and every part in use.
local base = import '../../../training_config/quickstart.jsonnet';
local corpus = 'fixtures/corpus/dev.conll';

base {
  dataset_reader+: {
    columns: { tokens: 0, pos: 1, chunk: 2, ner: 3 },
    tasks+: { ner: { encoding: 'BIO' } },
    max_instances: 12,
  },
  train_data_path: corpus,
  validation_data_path: corpus,
  test_data_path:: null,
  model+: {
    encoder: { hidden_sizes: [6, 4], dropout: [0.25, 0.25] },
    tasks+: {
      pos+: { level: 1 },
      // As in evaluation, which predictions are compared with.
      chunk+: { constrained: false, encoder: { hidden_sizes: [3], dropout: [0.25, 0.25] } },
      ner: { type: 'crf', encoding: 'BIO', constrained: true },
    },
  },
  // Padded, in the order of the file.
  data_loader: { batch_size: 6 },
  trainer+: { num_epochs: 1, validation_metric: '-loss' },
}
