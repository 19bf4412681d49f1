// The corpora of data/: what their files hold, and where they are.
local files(names) = {
  train_data_path: names.train,
  validation_data_path: names.dev,
  test_data_path: names.test,
  evaluate_on_test: true,
};

{
  // What teachers find probable, as `distill` writes it: the layout of such a data set. tasks: name to
  // encoding, null for plain labels.
  probable(tasks):: {
    form: 'json',
    columns: { [column]: column for column in ['tokens'] + std.objectFields(tasks) },
    tasks: {
      [task]: { probabilities: true } + if tasks[task] == null then {} else { encoding: tasks[task] }
      for task in std.objectFields(tasks)
    },
  },

  // What a config changes to read these data sets, name to layout, also in lower and in upper case. files:
  // their training files. An epoch has a share of each such copy, drawn anew every time; the
  // schedule of the config must be 'proportional'.
  in_each_case(datasets, files)::
    local shares = { lower: 0.15, upper: 0.1 };
    local copies(of) = {
      ['%s_%s' % [name, casing]]: of(name, casing)
      for name in std.objectFields(datasets)
      for casing in std.objectFields(shares)
    };
    {
      dataset_reader+: {
        datasets+: datasets + copies(function(name, casing) datasets[name] { casing: casing }),
      },
      train_data_path+: files + copies(function(name, casing) files[name]),
      data_loader+: {
        batch_sampler+: { shares: copies(function(name, casing) shares[casing]) },
      },
    },

  // CoNLL-2000: parts of speech and chunks in one file. tasks: as of the dataset reader.
  conll2000(token_indexers, tasks):: files({
    [part]: 'data/conll2000/' + part + '.txt'
    for part in ['train', 'dev', 'test']
  }) {
    dataset_reader: {
      type: 'conll_columns',
      columns: { tokens: 0, pos: 1, chunk: 2 },
      tasks: tasks,
      token_indexers: token_indexers,
    },
  },

  // What a config for chunking on CoNLL-2000 changes to find the entities of WNUT-17 instead.
  wnut17_instead(encoding, decoder):: files({
    [part]: 'data/wnut17/' + part + '.conll'
    for part in ['train', 'dev', 'test']
  }) {
    'dataset_reader.columns': { tokens: 0, ner: 1 },
    'dataset_reader.delimiter': '\t',
    'dataset_reader.tasks': { ner: { encoding: 'BIO', model_encoding: encoding } },
    'model.tasks': { ner: decoder },
    'trainer.validation_metric': '+ner_f1',
  },

  // And to tag the parts of speech of UD English EWT.
  ewt_instead:: files({
    [part]: 'data/ud_english_ewt/en_ewt-ud-' + part + '.conllu'
    for part in ['train', 'dev', 'test']
  }) {
    'dataset_reader.columns': { tokens: 1, pos: 3 },
    'dataset_reader.conllu': true,
    'dataset_reader.tasks': { pos: {} },
    'model.tasks': { pos: { type: 'crf' } },
    'trainer.validation_metric': '+pos_accuracy',
  },
}
