// A teacher of the English model: the same tasks, with a small frozen transformer beside word vectors
// and characters. scripts/english.sh trains it, and writes what it finds probable in the text of the
// corpora.
local english = import '../lib/english.libsonnet';
local inputs = import '../lib/inputs.libsonnet';

english.config(
  english.input + inputs.transformer('sentence-transformers/all-MiniLM-L6-v2', more={ dropout: 0.3 }),
  12
)
