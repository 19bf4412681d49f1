local inputs = import '../../training_config/lib/inputs.libsonnet';
local training = import '../../training_config/lib/training.libsonnet';
local encoding = 'IOBES';
local spans = { encoding: 'BIO', model_encoding: encoding };
local corpora = {
  ud_ewt: {
    layout: { conllu: true, columns: { tokens: 1, pos: 3, xpos: 4 }, tasks: { pos: {}, xpos: {} } },
    tasks: { pos: { type: 'crf', loss_weight: 0.1 }, xpos: { type: 'softmax', evaluate: false } },
    metric: '+pos_accuracy',
    epochs: 10,
    file(part):: 'data/ud_english_ewt/en_ewt-ud-%s.conllu' % part,
  },
  wnut17: {
    layout: { delimiter: '\t', columns: { tokens: 0, ner: 1 }, tasks: { ner: spans } },
    tasks: { ner: { type: 'crf', encoding: encoding } },
    metric: '+ner_f1',
    epochs: 15,
    file(part):: 'data/wnut17/%s.conll' % part,
  },
};
{
  inputs: inputs,
  words: inputs.words('data/glove/glove.6B.100d.trimmed.txt.gz', 100, more={ trainable_unknown: true, word_dropout: 0.05 }),
  cnn: inputs.characters('cnn', more={ num_filters: 50 }),
  input: self.words + self.cnn + inputs.casing,
  config(name, all):: local corpus = corpora[name]; {
    dataset_reader: { type: 'conll_columns', token_indexers: all.token_indexers } + corpus.layout,
    train_data_path: corpus.file('train'),
    validation_data_path: corpus.file('dev'),
    test_data_path: corpus.file('test'),
    evaluate_on_test: true,
    vocabulary: all.vocabulary,
    model: {
      type: 'bilstm_tagger',
      text_field_embedder: { token_embedders: all.token_embedders },
      encoder: { hidden_sizes: [150, 150], dropout: [0.3, 0.5] },
      tasks: corpus.tasks,
    },
    data_loader: training.batches(32),
    trainer: training.trainer(corpus.metric, corpus.epochs) {
      learning_rate_scheduler: { type: 'linear_with_warmup', warmup_steps: 300 },
      moving_average: { type: 'recoverable_exponential', decay: 0.999 },
    },
  },
}
