// conll2000_tuned with a second task: the parts of speech of the same sentences, by softmax at the
// first layer (Søgaard and Goldberg 2016).
// Measured, one run (docs/results.md): chunks, F1 95.76 on dev, 94.94 on test; parts of speech, accuracy
// 96.11 and 97.50.
local single = import 'conll2000_tuned.jsonnet';

single {
  dataset_reader+: { tasks+: { pos: {} } },
  model+: { tasks+: { pos: { type: 'softmax', level: 1 } } },
}
