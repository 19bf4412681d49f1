// What a search for chunking on CoNLL-2000 varies: the settings that Reimers and Gurevych (2017) call
// important, of `training_config/papers/reimers_gurevych2017.jsonnet`.
local encoding(name) = {
  'dataset_reader.tasks.chunk.model_encoding': name,
  'model.tasks.chunk.encoding': name,
};

{
  'model.encoder.hidden_sizes': {
    type: 'categorical',
    choices: [[100], [200], [100, 100], [150, 150], [100, 100, 100]],
  },
  'model.encoder.dropout.0': { type: 'float', low: 0.2, high: 0.6 },
  'model.encoder.dropout.1': { type: 'float', low: 0.2, high: 0.6 },
  encoding: { type: 'categorical', choices: { BIO: encoding('BIO'), IOBES: encoding('IOBES') } },
  'data_loader.batch_sampler.batch_size': { type: 'categorical', choices: [16, 32, 64] },
  'trainer.optimizer.lr': { type: 'float', low: 1e-3, high: 5e-3, log: true },
}
