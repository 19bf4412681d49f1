local b = import 'base.libsonnet';
b.config('ud_ewt', b.words + b.inputs.casing + b.inputs.characters('cnn', more={ num_filters: 80, embedding_dim: 32 }) + { token_indexers+: { characters2: { type: 'word_characters', max_length: 25 } }, token_embedders+: { characters2: { type: 'character_cnn', num_filters: 80, width: 5, embedding_dim: 32 } } }) { model+: { encoder+: { dropout: [0.2, 0.25] } } }
