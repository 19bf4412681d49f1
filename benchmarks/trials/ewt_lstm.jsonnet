local b = import 'base.libsonnet'; ( b.config('ud_ewt', b.words + b.inputs.characters('lstm') + b.inputs.casing) ) { model+: { encoder+: { dropout: [0.2, 0.25] } } }
