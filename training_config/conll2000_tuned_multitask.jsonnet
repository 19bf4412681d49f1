// conll2000_tuned with a second task, and a layer more: the parts of speech of the same sentences, by
// softmax at the first layer, chunks at the third (Søgaard and Goldberg 2016). How it was chosen:
// docs/findings/search.md.
// Measured, 3 seeds (docs/results.md): chunks, F1 95.87 +- 0.00 on dev, 95.02 +- 0.04 on test; parts of
// speech, accuracy 96.48 +- 0.03 and 98.24 +- 0.01.
local single = import 'conll2000_tuned.jsonnet';

single {
  dataset_reader+: { tasks+: { pos: {} } },
  model+: {
    encoder+: { hidden_sizes: [150, 150, 150] },
    // The weight makes up for a loss of tokens beside one of sentences (CRF), as in
    // multitask_pos_chunking.
    tasks+: { pos: { type: 'softmax', level: 1, loss_weight: 10 } },
  },
}
