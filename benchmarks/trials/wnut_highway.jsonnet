local b = import 'base.libsonnet'; b.config('wnut17', b.input) { model+: { type: 'trial_tagger', trick: 'highway' } }
