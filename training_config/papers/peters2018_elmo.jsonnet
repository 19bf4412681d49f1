// Peters et al. 2018, Deep contextualized word representations (N18-1202): ELMo, its layers mixed,
// beside word vectors and characters. data/elmo/ must hold the options and weights of an ELMo.
// The paper: named entities of CoNLL-2003 92.22; it has no chunking.
// Not measured here: `make data` does not fetch such weights.
local inputs = import '../lib/inputs.libsonnet';
local base = import 'reimers_gurevych2017.jsonnet';

local elmo = inputs.elmo('data/elmo/options.json', 'data/elmo/weights.hdf5', more={ dropout: 0.5 });

base {
  dataset_reader+: { token_indexers+: elmo.token_indexers },
  model+: { text_field_embedder+: { token_embedders+: elmo.token_embedders } },
}
