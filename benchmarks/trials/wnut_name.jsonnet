local b = import 'base.libsonnet';
b.config('wnut17', b.input) {
  dataset_reader+: { columns+: { name: 1 }, tasks+: { name: { encoding: 'BIO', model_encoding: 'IOBES', types: {
    corporation: 'NAME', 'creative-work': 'NAME', group: 'NAME', location: 'NAME', person: 'NAME', product: 'NAME' } } } },
  model+: { tasks+: { name: { type: 'crf', encoding: 'IOBES', evaluate: false } } },
}
