local b = import 'base.libsonnet'; b.config('wnut17', b.input) { model+: { text_field_embedder: { type: 'trial_basic', input_dropout: 0.1, token_embedders: b.input.token_embedders } } }
