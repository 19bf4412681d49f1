// conll2000_tuned with a second task: the parts of speech of the same sentences, by softmax at the
// first layer (Søgaard and Goldberg 2016).
// Measured, 3 seeds (docs/results.md): chunks, F1 95.82 +- 0.03 on dev, 94.98 +- 0.15 on test; parts of
// speech, accuracy 96.45 +- 0.04 and 98.26 +- 0.05.
local single = import 'conll2000_tuned.jsonnet';

single {
  dataset_reader+: { tasks+: { pos: {} } },
  // The weight makes up for a loss of tokens beside one of sentences (CRF), as in multitask_pos_chunking.
  model+: { tasks+: { pos: { type: 'softmax', level: 1, loss_weight: 10 } } },
}
