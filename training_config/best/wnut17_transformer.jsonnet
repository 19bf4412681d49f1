(import '../lib/best.libsonnet').transformer('wnut17')
