local b = import 'base.libsonnet'; b.config('wnut17', b.input + { token_indexers+: { sub: { type: 'word_characters', max_length: 25 } }, token_embedders+: { sub: { type: 'trial_subwords' } } }) 
