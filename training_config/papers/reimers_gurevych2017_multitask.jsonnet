// reimers_gurevych2017 with a second task: the parts of speech of the same sentences, by softmax at
// the first layer (as they do after Søgaard and Goldberg 2016).
// Measured, 3 seeds (docs/results.md): chunks, F1, 95.54 +- 0.07 on dev, 94.76 +- 0.06 on test; parts
// of speech, accuracy, 95.87 +- 0.10 and 97.01 +- 0.03.
local single = import 'reimers_gurevych2017.jsonnet';

single {
  dataset_reader+: { tasks+: { pos: {} } },
  model+: { tasks+: { pos: { type: 'softmax', level: 1 } } },
}
