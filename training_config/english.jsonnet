// The English model of the package: universal parts of speech, those of the Penn Treebank, chunks and
// names over the same layers, and where sentences start. It learns from annotated corpora and from what
// teachers with a transformer find probable in their text (docs/distillation.md). `make models` trains
// the teachers and three seeds, and makes the model file.
local english = import 'lib/english.libsonnet';

local of_teachers = ['upos', 'xpos', 'chunk', 'ner'];
local soft = {
  form: 'json',
  columns: { [column]: column for column in ['tokens'] + of_teachers },
  tasks: {
    [task]: { probabilities: true }
            + if task == 'chunk' || task == 'ner' then { encoding: english.encoding } else {}
    for task in of_teachers
  },
};

english.config(english.input, 8) {
  dataset_reader+: {
    datasets+: {
      soft: soft,
      ewt_text: {
        columns: { tokens: 0, sentence: 1 },
        delimiter: '\t',
        tasks: { sentence: {} },
      },
    },
  },
  // These are made by scripts/english.sh.
  train_data_path+: {
    soft: 'build/english/soft.jsonl',
    ewt_text: 'build/english/ewt_text-train.conll',
  },
  validation_data_path+: { ewt_text: 'build/english/ewt_text-dev.conll' },
  model+: {
    tasks+: {
      // By few units, as it is done before all else.
      sentence: { type: 'softmax', level: 0, encoder: { hidden_sizes: [64] }, loss_weight: 10 },
    },
  },
}
