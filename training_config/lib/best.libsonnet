// How the configs of best/ are made: one network and one way to train it, for three corpora.
local inputs = import 'inputs.libsonnet';
local training = import 'training.libsonnet';
local data = import 'corpora.libsonnet';

local encoding = 'IOBES';
local spans = { encoding: 'BIO', model_encoding: encoding };

// What the files of a corpus hold, and the tasks. A task that is not evaluated is only trained along.
local corpora = {
  conll2000: {
    layout: { columns: { tokens: 0, pos: 1, chunk: 2 }, tasks: { chunk: spans, pos: {} } },
    tasks: {
      chunk: { type: 'crf', encoding: encoding },
      pos: { type: 'softmax', level: 1, loss_weight: 10, evaluate: false },
    },
    metric: '+chunk_f1',
    file(part):: 'data/conll2000/%s.txt' % part,
  },
  ud_ewt: {
    layout: {
      conllu: true,
      columns: { tokens: 1, pos: 3, xpos: 4 },
      tasks: { pos: {}, xpos: {} },
    },
    tasks: {
      pos: { type: 'crf', loss_weight: 0.1 },
      xpos: { type: 'softmax', evaluate: false },
    },
    metric: '+pos_accuracy',
    file(part):: 'data/ud_english_ewt/en_ewt-ud-%s.conllu' % part,
  },
  wnut17: {
    layout: { delimiter: '\t', columns: { tokens: 0, ner: 1 }, tasks: { ner: spans } },
    tasks: { ner: { type: 'crf', encoding: encoding } },
    metric: '+ner_f1',
    file(part):: 'data/wnut17/%s.conll' % part,
  },
};

local input = inputs.words(
                'data/glove/glove.6B.100d.trimmed.txt.gz',
                100,
                more={ trainable_unknown: true, word_dropout: 0.05 }
              )
              + inputs.characters('cnn', more={ num_filters: 50 })
              + inputs.casing;

local usual_dropout = [0.3, 0.5];

// What the students learn with, where it is not the same as for all: chosen on dev.
local students = {
  ud_ewt: { epochs: 15, dropout: [0.2, 0.25], in_each_case: true },
};

local config(corpus, all, epochs, dropout=usual_dropout) = {
  dataset_reader: { type: 'conll_columns', token_indexers: all.token_indexers } + corpus.layout,
  train_data_path: corpus.file('train'),
  validation_data_path: corpus.file('dev'),
  test_data_path: corpus.file('test'),
  evaluate_on_test: true,
  vocabulary: all.vocabulary,
  model: {
    type: 'bilstm_tagger',
    text_field_embedder: { token_embedders: all.token_embedders },
    encoder: { hidden_sizes: [150, 150], dropout: dropout },
    tasks: corpus.tasks,
  },
  data_loader: training.batches(32),
  trainer: training.trainer(corpus.metric, epochs) {
    learning_rate_scheduler: { type: 'linear_with_warmup', warmup_steps: 300 },
    moving_average: { type: 'recoverable_exponential', decay: 0.999 },
  },
};

// Without a transformer. The annotated data are a data set beside which there may be others.
local with_datasets(corpus, epochs, dropout=usual_dropout) = config(corpus, input, epochs, dropout) {
  dataset_reader: {
    type: 'conll_columns',
    token_indexers: input.token_indexers,
    datasets: { gold: corpus.layout },
  },
  train_data_path: { gold: corpus.file('train') },
  validation_data_path: { gold: corpus.file('dev') },
  test_data_path: { gold: corpus.file('test') },
  data_loader+: { batch_sampler+: { schedule: 'proportional' } },
};

{
  // With the vectors of a small frozen transformer, whose six layers are mixed; they are computed once
  // and kept in build/vectors.
  transformer(name):: config(
    corpora[name],
    input + inputs.transformer('sentence-transformers/all-MiniLM-L6-v2', more={ dropout: 0.3 }),
    15,
    if name == 'conll2000' then [0.2, 0.3] else usual_dropout,
  ),

  // Without one, from the annotated data alone, which are also read in lower and in upper case.
  any_case(name)::
    local corpus = corpora[name];
    with_datasets(corpus, 15)
    + data.in_each_case({ gold: corpus.layout }, { gold: corpus.file('train') }),

  // Without one, from the annotated data and from what teachers find probable, which `allennlp distill`
  // has written to this file.
  distilled(name, soft)::
    local corpus = corpora[name];
    local tasks = {
      [task]: if 'encoding' in corpus.layout.tasks[task] then encoding
      for task in std.objectFields(corpus.layout.tasks)
    };
    local student = { epochs: 12, dropout: usual_dropout, in_each_case: false }
                    + if name in students then students[name] else {};
    // The text of the teachers includes the annotated data.
    local datasets = { soft: data.probable(tasks) };
    local files = { soft: soft };
    with_datasets(corpus, student.epochs, student.dropout) {
      dataset_reader+: { datasets+: datasets },
      train_data_path+: files,
    } + if student.in_each_case then data.in_each_case(datasets, files) else {},
}
