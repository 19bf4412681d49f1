// Peters et al. 2018, Deep contextualized word representations (N18-1202): ELMo, its layers mixed,
// beside word vectors and characters. data/elmo/ must hold the options and weights of an ELMo.
// The paper: named entities of CoNLL-2003 92.22; it has no chunking.
// (AllenNLP's ELMo carries its state from batch to batch: tags depend a little on what came before.)
// Not measured here: `make data` does not fetch such weights.
local base = import 'reimers_gurevych2017.jsonnet';

base {
  dataset_reader+: { token_indexers+: { elmo: { type: 'elmo_characters' } } },
  model+: {
    text_field_embedder+: {
      token_embedders+: {
        elmo: {
          type: 'elmo_token_embedder',
          options_file: 'data/elmo/options.json',
          weight_file: 'data/elmo/weights.hdf5',
          do_layer_norm: false,
          dropout: 0.5,
        },
      },
    },
  },
}
