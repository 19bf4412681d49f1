(import '../lib/best.libsonnet').transformer('conll2000')
