// reimers_gurevych2017 with a second task: the parts of speech of the same sentences, by softmax at
// the first layer (as they do after Søgaard and Goldberg 2016).
// Measured, one run (docs/results.md): chunks, F1, 95.59 on dev, 94.71 on test; parts of speech,
// accuracy, 95.75 and 97.04.
local single = import 'reimers_gurevych2017.jsonnet';

single {
  dataset_reader+: { tasks+: { pos: {} } },
  model+: { tasks+: { pos: { type: 'softmax', level: 1 } } },
}
