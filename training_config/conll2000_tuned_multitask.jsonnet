// conll2000_tuned with a second task: the parts of speech of the same sentences, by softmax at the
// first layer (Søgaard and Goldberg 2016).
local single = import 'conll2000_tuned.jsonnet';

single {
  dataset_reader+: { tasks+: { pos: {} } },
  model+: { tasks+: { pos: { type: 'softmax', level: 1 } } },
}
