local inputs = import '../../training_config/lib/inputs.libsonnet';
local training = import '../../training_config/lib/training.libsonnet';
local common = import 'common.libsonnet';

local settings = common.settings;
local input = inputs.words(settings.vectors, settings.dimension) + inputs.characters('cnn');

common.paths {
  dataset_reader: {
    type: 'conll_columns',
    columns: { tokens: 0, chunk: 2 },
    tasks: { chunk: { encoding: 'BIO' } },
    token_indexers: input.token_indexers,
  },
  vocabulary: input.vocabulary,
  model: {
    type: 'bilstm_tagger',
    text_field_embedder: {
      token_embedders: input.token_embedders {
        characters+: {
          embedding_dim: common.character_dim,
          num_filters: common.num_filters,
          width: common.filter_width,
        },
      },
    },
    encoder: {
      hidden_sizes: [common.hidden_size],
      dropout: [common.dropout, common.dropout],
    },
    tasks: { chunk: { type: 'crf', encoding: 'BIO', constrained: true } },
  },
  data_loader: training.batches(settings.batch_size),
  trainer: training.trainer('+chunk_f1', 100) {
    optimizer: { type: 'fused_adam', lr: common.learning_rate },
    grad_norm: common.grad_norm,
  },
}
