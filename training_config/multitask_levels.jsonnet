local base = import 'multitask_pos_chunking.jsonnet';

base {
  model+: {
    tasks+: {
      pos+: { level: 1 },
      chunk+: { encoder: { hidden_sizes: [50] } },
    },
  },
}
