// The English model of the package. As english_teachers.jsonnet, on the same sentences with more labels:
// scripts/english_silver.py adds the names that the teachers find in UD English EWT, and their parts of
// speech in all other corpora (self-training on the votes of three).
local teachers = import 'english_teachers.jsonnet';

local gold = teachers.dataset_reader.datasets;
local pos = { upos: {}, xpos: {} };
local spans = { encoding: 'BIO', model_encoding: 'IOBES' };

// The columns of the files with silver labels, which come last.
local silver = {
  ewt: { columns: { tokens: 0, upos: 1, xpos: 2, ner: 3 }, tasks+: { ner: spans } },
  conll2000: { columns: { tokens: 0, wsj_pos: 1, chunk: 2, upos: 3, xpos: 4 }, tasks+: pos },
  btc: { columns: { tokens: 0, ner: 1, upos: 2, xpos: 3 }, tasks+: pos },
  wikigold: { columns: { tokens: 0, ner: 1, upos: 2, xpos: 3 }, tasks+: pos },
  wnut17: { columns: { tokens: 0, wnut_ner: 1, upos: 2, xpos: 3 }, tasks+: pos },
};

teachers {
  dataset_reader+: {
    datasets+: {
      [corpus + '_silver']: { delimiter: '\t', tasks: gold[corpus].tasks } + silver[corpus]
      for corpus in std.objectFields(silver)
    },
  },
  train_data_path: {
    [corpus]: teachers.train_data_path[corpus]
    for corpus in ['uner', 'ewt_text']
  } + {
    [corpus + '_silver']: 'build/english/%s-silver.conll' % corpus
    for corpus in std.objectFields(silver)
  },
  model+: { tasks+: { sentence+: { encoder: { hidden_sizes: [48] } } } },
}
