local common = import 'common.libsonnet';

local settings = common.settings;

common.paths {
  dataset_reader: {
    type: 'conll2000',
    tag_label: 'chunk',
    token_indexers: {
      tokens: { type: 'single_id', lowercase_tokens: true },
      token_characters: { type: 'characters', min_padding_length: common.filter_width },
    },
  },
  model: {
    type: 'crf_tagger',
    label_encoding: 'BIO',
    dropout: common.dropout,
    text_field_embedder: {
      token_embedders: {
        tokens: {
          type: 'embedding',
          embedding_dim: settings.dimension,
          pretrained_file: settings.vectors,
          trainable: false,
        },
        token_characters: {
          type: 'character_encoding',
          embedding: { embedding_dim: common.character_dim },
          encoder: {
            type: 'cnn',
            embedding_dim: common.character_dim,
            num_filters: common.num_filters,
            ngram_filter_sizes: [common.filter_width],
          },
        },
      },
    },
    encoder: {
      type: 'lstm',
      input_size: settings.dimension + common.num_filters,
      hidden_size: common.hidden_size,
      bidirectional: true,
    },
  },
  data_loader: { batch_sampler: { type: 'bucket', batch_size: settings.batch_size } },
  trainer: {
    optimizer: { type: 'adam', lr: common.learning_rate },
    grad_norm: common.grad_norm,
    num_epochs: 100,
    validation_metric: '+f1-measure-overall',
    checkpointer: { keep_most_recent_by_count: 1 },
  },
}
