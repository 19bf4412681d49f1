// The English model of the package: universal parts of speech, those of the Penn Treebank, chunks and
// names, over the same layers.
local inputs = import 'lib/inputs.libsonnet';
local training = import 'lib/training.libsonnet';

local input = inputs.words('data/glove/glove.6B.100d.trimmed.txt.gz', 100, keep='all', more={
                trainable_unknown: true,
                word_dropout: 0.05,
              })
              + inputs.characters('cnn', more={ num_filters: 50 })
              + inputs.casing;
local encoding = 'IOBES';
local names(columns, more={}) = {
  columns: columns,
  tasks: { ner: { encoding: 'BIO', model_encoding: encoding } },
} + more;
local files(part) = {
  ewt: 'data/ud_english_ewt/en_ewt-ud-' + part + '.conllu',
  conll2000: 'data/conll2000/' + part + '.txt',
} + {
  // scripts/english_data.py
  [corpus]: 'build/english/%s-%s.conll' % [corpus, part]
  for corpus in ['uner', 'btc', 'wikigold', 'ewt_text']
};

{
  dataset_reader: {
    type: 'conll_columns',
    datasets: {
      ewt: {
        conllu: true,
        columns: { tokens: 1, upos: 3, xpos: 4 },
        tasks: { upos: {}, xpos: {} },
      },
      conll2000: {
        columns: { tokens: 0, wsj_pos: 1, chunk: 2 },
        tasks: { chunk: { encoding: 'BIO', model_encoding: encoding }, wsj_pos: {} },
      },
      uner: names({ tokens: 1, ner: 2 }, { delimiter: '\t', comment_prefix: '# ' }),
      btc: names({ tokens: 0, ner: 1 }, { delimiter: '\t', empty_tokens: 'leave_out' }),
      wikigold: {
        columns: { tokens: 0, ner: 1 },
        tasks: {
          ner: { encoding: 'IOB1', model_encoding: encoding, types: { MISC: null } },
        },
        document_dividers: true,
      },
      ewt_text: { columns: { tokens: 0, sentence: 1 }, delimiter: '\t', tasks: { sentence: {} } },
    },
    token_indexers: input.token_indexers,
  },
  train_data_path: files('train'),
  validation_data_path: files('dev'),
  vocabulary: input.vocabulary,
  model: {
    type: 'bilstm_tagger',
    text_field_embedder: { token_embedders: input.token_embedders },
    encoder: { hidden_sizes: [150, 150], dropout: [0.3, 0.5] },
    tasks: {
      upos: { type: 'softmax', loss_weight: 10 },
      xpos: { type: 'softmax', loss_weight: 10 },
      wsj_pos: { type: 'softmax', loss_weight: 10, evaluate: false },
      chunk: { type: 'crf', encoding: encoding },
      ner: { type: 'crf', encoding: encoding },
      // Where sentences start in raw text: by few units, as it is done before all else.
      sentence: { type: 'softmax', level: 0, encoder: { hidden_sizes: [64] } },
    },
  },
  data_loader: training.batches(32) + { batch_sampler+: { schedule: 'proportional' } },
  trainer: training.trainer(['+upos_accuracy', '+xpos_accuracy', '+chunk_f1', '+ner_f1'], 20) {
    learning_rate_scheduler: { type: 'linear_with_warmup', warmup_steps: 200 },
    moving_average: { type: 'recoverable_exponential', decay: 0.999 },
  },
}
