// What both sides have in common: data, and sizes of the network.
{
  // Paths and what varies from run to run, handed over by the benchmark.
  settings: std.parseJson(std.extVar('settings')),

  hidden_size: 100,  // of one BiLSTM layer, per direction
  character_dim: 30,
  num_filters: 30,
  filter_width: 3,
  dropout: 0.25,
  learning_rate: 0.001,
  grad_norm: 1.0,

  paths: {
    train_data_path: $.settings.train,
    validation_data_path: $.settings.test,
    test_data_path: $.settings.test,
  },
}
