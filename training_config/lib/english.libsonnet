// What the English model and its teachers share: the corpora, the network and the training.
local inputs = import 'inputs.libsonnet';
local training = import 'training.libsonnet';

local encoding = 'IOBES';
local spans = { encoding: 'BIO', model_encoding: encoding };

{
  encoding:: encoding,
  spans:: spans,

  input:: inputs.words('data/glove/glove.6B.100d.trimmed.txt.gz', 100, keep='all', more={
            trainable_unknown: true,
            word_dropout: 0.05,
          })
          + inputs.characters('cnn', more={ num_filters: 50 })
          + inputs.casing,

  files(part):: {
    ewt: 'data/ud_english_ewt/en_ewt-ud-%s.conllu' % part,
    conll2000: 'data/conll2000/%s.txt' % part,
  } + {
    // These are made by scripts/english_data.py.
    [corpus]: 'build/english/%s-%s.conll' % [corpus, part]
    for corpus in ['uner', 'btc', 'wikigold']
  },

  config(input, epochs):: {
    dataset_reader: {
      type: 'conll_columns',
      datasets: {
        ewt: {
          columns: { tokens: 1, upos: 3, xpos: 4 },
          conllu: true,
          tasks: { upos: {}, xpos: {} },
        },
        conll2000: {
          columns: { tokens: 0, chunk: 2 },
          tasks: { chunk: spans },
        },
        uner: {
          columns: { tokens: 1, ner: 2 },
          delimiter: '\t',
          comment_prefix: '# ',
          tasks: { ner: spans },
        },
        btc: {
          columns: { tokens: 0, ner: 1 },
          delimiter: '\t',
          empty_tokens: 'leave_out',
          tasks: { ner: spans },
        },
        wikigold: {
          columns: { tokens: 0, ner: 1 },
          document_dividers: true,
          tasks: { ner: spans { encoding: 'IOB1', types: { MISC: null } } },
        },
      },
      token_indexers: input.token_indexers,
    },
    train_data_path: $.files('train'),
    validation_data_path: $.files('dev'),
    vocabulary: input.vocabulary,
    model: {
      type: 'bilstm_tagger',
      text_field_embedder: { token_embedders: input.token_embedders },
      encoder: { hidden_sizes: [150, 150], dropout: [0.3, 0.5] },
      tasks: {
        // The weights make up for losses of tokens beside losses of sentences (CRF).
        upos: { type: 'softmax', loss_weight: 10 },
        xpos: { type: 'softmax', loss_weight: 10 },
        chunk: { type: 'crf', encoding: encoding },
        ner: { type: 'crf', encoding: encoding },
      },
    },
    data_loader: training.batches(32) { batch_sampler+: { schedule: 'proportional' } },
    trainer: training.trainer(
      ['+upos_accuracy', '+xpos_accuracy', '+chunk_f1', '+ner_f1'], epochs
    ) {
      learning_rate_scheduler: { type: 'linear_with_warmup', warmup_steps: 500 },
      moving_average: { type: 'recoverable_exponential', decay: 0.999 },
    },
  },
}
