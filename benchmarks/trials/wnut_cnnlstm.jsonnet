local b = import 'base.libsonnet';
b.config('wnut17', b.input + { token_indexers+: { characters2: { type: 'word_characters', max_length: 25 } }, token_embedders+: { characters2: { type: 'character_lstm' } } })
