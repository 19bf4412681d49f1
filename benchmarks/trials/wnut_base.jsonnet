local b = import 'base.libsonnet';
b.config('wnut17', b.input)
