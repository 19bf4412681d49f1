local b = import 'base.libsonnet'; ( b.config('ud_ewt', b.input) { model+: { type: 'trial_tagger', trick: 'attention' } } ) { model+: { encoder+: { dropout: [0.2, 0.25] } } }
