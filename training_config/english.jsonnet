// The English model of the package: universal parts of speech, those of the Penn Treebank, chunks and
// names over the same layers, and where sentences start. `make models` trains it from three seeds and
// makes the model file. Measured, 3 seeds, on test (models/english.md): UPOS 96.16 +- 0.11, XPOS
// 95.65 +- 0.07, chunks 94.80 +- 0.10, names 74.22 +- 0.42 (UNER) and 67.63 +- 0.73 (BTC, section h).
local english = import 'lib/english.libsonnet';

english.config(english.input, 25) + english.along + english.sentences
