// A frozen transformer in place of the word vectors: any encoder of Hugging Face, by its name or the
// folder that it is in. Its layers are mixed; its vectors are computed once.
// Not measured here: `make data` does not fetch such a model.
local corpora = import '../lib/corpora.libsonnet';
local inputs = import '../lib/inputs.libsonnet';
local training = import '../lib/training.libsonnet';

local input = inputs.characters('cnn') + inputs.casing + inputs.transformer('bert-base-cased');
local encoding = 'IOBES';

corpora.conll2000(input.token_indexers, { chunk: { encoding: 'BIO', model_encoding: encoding } }) {
  vocabulary: { type: 'word_vectors' },
  model: {
    type: 'bilstm_tagger',
    text_field_embedder: { token_embedders: input.token_embedders },
    encoder: { hidden_sizes: [100], dropout: [0.25, 0.25] },
    tasks: { chunk: { type: 'crf', encoding: encoding } },
  },
  data_loader: training.batches(32),
  trainer: training.trainer('+chunk_f1', 30, 10),
}
