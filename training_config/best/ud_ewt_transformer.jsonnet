// Parts of speech of UD English EWT with a small frozen transformer beside word vectors and characters.
// Measured, 1 seed: accuracy 97.19 on dev, 97.21 on test.
(import '../lib/best.libsonnet').transformer('ud_ewt')
