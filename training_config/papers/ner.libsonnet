// Any config of this folder for the entities of WNUT-17 in place of the chunks of CoNLL-2000:
// allennlp train training_config/papers/huang2015.jsonnet -s DIR \
//   -o "import 'training_config/papers/ner.libsonnet'"
local corpora = import '../lib/corpora.libsonnet';

corpora.wnut17_instead('IOBES', { type: 'crf', encoding: 'IOBES' })
