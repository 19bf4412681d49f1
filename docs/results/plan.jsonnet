// The runs behind docs/results.md: configs, the number of seeds, and what was published, for
// comparison. variant: what the overrides make of the config; null: it runs as it stands.
local forms = {
  ner: import '../../training_config/papers/ner.libsonnet',
  pos: import '../../training_config/papers/pos.libsonnet',
};
local paper(name, seeds, form=null, published={}) = {
  config: 'training_config/papers/%s.jsonnet' % name,
  seeds: seeds,
  variant: form,
  overrides: if form == null then {} else forms[form],
  published: published,
};
local own(name, seeds=3, published={}) = {
  config: 'training_config/%s.jsonnet' % name,
  seeds: seeds,
  variant: null,
  overrides: {},
  published: published,
};

[
  {
    title: 'The configs of `training_config/`',
    entries: [
      own('conll2000_chunking', 5, published={
        chunk_f1: '94.71, one run with better vectors; 189 runs with these: median 93.43, maximum 94.60',
      }),
      own('conll2000_pos_and_chunks'),
      own('conll2000_tuned'),
      own('conll2000_tuned_multitask'),
      own('ud_ewt_pos', 5, published={ pos_accuracy: '95.58, on an older release of the corpus' }),
      own('wnut17_ner', 5),
      own('multitask_pos_chunking'),
      own('multitask_levels'),
    ],
  },
  {
    title: 'Systems of papers: chunks of CoNLL-2000, and parts of speech of the same sentences',
    entries: [
      paper('huang2015', 3, published={ chunk_f1: '94.46, with Senna vectors and more features of spelling' }),
      paper('ma_hovy2016', 3),
      // An hour a run.
      paper('lample2016', 3),
      paper('sogaard_goldberg2016', 3, published={ chunk_f1: '95.56, with Senna vectors' }),
      paper('reimers_gurevych2017', 3, published={
        chunk_f1: '94.71, one run with better vectors; 189 runs with these: median 93.43, maximum 94.60',
      }),
      paper('reimers_gurevych2017_multitask', 3),
    ],
  },
  {
    title: 'Systems of papers: parts of speech of UD English EWT',
    entries: [
      paper('huang2015', 3, 'pos', { pos_accuracy: '97.55 on the Wall Street Journal' }),
      paper('ma_hovy2016', 3, 'pos', { pos_accuracy: '97.55 on the Wall Street Journal' }),
      paper('reimers_gurevych2017', 3, 'pos', { pos_accuracy: '95.58, on an older release of the corpus' }),
    ],
  },
  {
    title: 'Systems of papers: entities of WNUT-17',
    entries: [
      paper('huang2015', 5, 'ner', { ner_f1: '90.10 on CoNLL-2003, with gazetteers' }),
      paper('ma_hovy2016', 5, 'ner', { ner_f1: '91.21 on CoNLL-2003' }),
      paper('lample2016', 3, 'ner', { ner_f1: '90.94 on CoNLL-2003' }),
      paper('reimers_gurevych2017', 5, 'ner', { ner_f1: '90.22 on CoNLL-2003' }),
    ],
  },
]
