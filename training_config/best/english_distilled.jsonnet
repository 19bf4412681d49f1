// The English model from annotated corpora and from what a teacher with a transformer finds probable in
// their text (scripts/english.sh DATA TRANSFORMER, docs/distillation.md).
local english = import '../lib/english.libsonnet';

local tasks = ['upos', 'xpos', 'chunk', 'ner'];

english.config(english.input, 10) + english.sentences {
  dataset_reader+: {
    datasets+: {
      // All corpora but UNER, each sentence with all tasks.
      corpora: {
        form: 'json',
        columns: { [column]: column for column in ['tokens'] + tasks },
        tasks: {
          [task]: { probabilities: true }
                  + if task == 'chunk' || task == 'ner' then { encoding: english.encoding } else {}
          for task in tasks
        },
      },
    },
  },
  // scripts/english_labels.py makes the first.
  train_data_path: {
    corpora: 'build/english/train.jsonl',
    uner: 'build/english/uner-train.conll',
    ewt_text: 'build/english/ewt_text-train.conll',
  },
  // Less dropout than the teacher has: probabilities leave less to learn by heart.
  model+: { encoder+: { dropout: [0.2, 0.25] } },
}
