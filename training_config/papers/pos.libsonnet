// Any config of this folder for the parts of speech of UD English EWT, by a CRF as in the papers, in
// place of the chunks of CoNLL-2000:
// allennlp train training_config/papers/huang2015.jsonnet -s DIR \
//   -o "import 'training_config/papers/pos.libsonnet'"
(import '../lib/corpora.libsonnet').ewt_instead
