(import '../lib/best.libsonnet').transformer('ud_ewt')
