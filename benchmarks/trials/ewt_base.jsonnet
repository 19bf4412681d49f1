local b = import 'base.libsonnet'; ( b.config('ud_ewt', b.input) ) { model+: { encoder+: { dropout: [0.2, 0.25] } } }
