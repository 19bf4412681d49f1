// The runs behind docs/findings.md: what Reimers and Gurevych (2017) found, and how it is tried here.
// Each is tried on one or two corpora by variants of a config; expected: pairs of better and worse;
// note: what the numbers do not say.
local inputs = import '../../training_config/lib/inputs.libsonnet';

// As in the papers: 25 epochs at most, and no more after five without a better one.
local budget = { 'trainer.num_epochs': 25, 'trainer.patience': 5 };
local variant(name, overrides={}) = { variant: name, overrides: budget + overrides };
local features(input) = {
  'dataset_reader.token_indexers': input.token_indexers,
  'model.text_field_embedder.token_embedders': input.token_embedders,
};
local words = inputs.words('data/glove/glove.6B.100d.trimmed.txt.gz', 100) + inputs.casing;

local chunking = { config: 'training_config/conll2000_chunking.jsonnet', metric: 'chunk_f1', seeds: 5 };
local pos = { config: 'training_config/ud_ewt_pos.jsonnet', metric: 'pos_accuracy', seeds: 5 };
local characters = [
  variant('no characters', features(words)),
  variant('character CNN'),
  variant('character LSTM', features(words + inputs.characters('lstm'))),
];
local optimizer(name, settings) = variant(name, { 'trainer.optimizer': settings });

[
  {
    name: 'decoder',
    title: 'CRF against softmax',
    claim: 'In the median, a softmax is 0.38 points of F1 below a CRF on chunks, and 0.19 points of accuracy below it on parts of speech.',
    note: 'These are the scores of the networks alone. Predictions also respect the rules of the encoding ([tagging.md](tagging.md#rules-of-the-encoding)). With these rules, the softmax gets back what it loses on chunks.',
    trials: [
      chunking {
        variants: [variant('CRF'), variant('softmax', { 'model.tasks.chunk.type': 'softmax' })],
        expected: [['CRF', 'softmax']],
      },
      pos {
        variants: [variant('CRF', { 'model.tasks.pos.type': 'crf' }), variant('softmax')],
        expected: [['CRF', 'softmax']],
      },
    ],
  },
  {
    name: 'dropout',
    title: 'No, naive and variational dropout',
    claim: 'On chunks, in the median, a network without dropout is 0.88 points below one with variational dropout. A network with naive dropout is 0.53 points below it.',
    trials: [
      chunking {
        variants: [
          variant('no dropout', { 'model.encoder.dropout': 0 }),
          variant('naive dropout', { 'model.encoder.dropout': 0.25 }),
          variant('variational dropout'),
        ],
        expected: [['variational dropout', 'no dropout'], ['variational dropout', 'naive dropout']],
      },
    ],
  },
  {
    name: 'characters',
    title: 'Vectors of characters',
    claim: 'In the median, a network without characters loses 0.20 points on chunks and 0.90 points on parts of speech. It does not matter whether a CNN or an LSTM makes the vectors of characters.',
    note: 'On chunks, these runs show no difference between CNN and LSTM either. On parts of speech of EWT, the LSTM is better.',
    trials: [
      each {
        variants: characters,
        expected: [['character CNN', 'no characters'], ['character LSTM', 'no characters']],
      }
      for each in [chunking, pos]
    ],
  },
  {
    name: 'optimizer',
    title: 'Nadam, Adam and SGD',
    claim: 'Nadam is best most often. Adam is close to it, and SGD is far behind.',
    note: 'Nadam and Adam have the learning rates of Keras (0.002 and 0.001). SGD has those of the program behind the paper: 0.1 at first, 0.05 from the third epoch, and 0.01 from the fifth. Its gradients are clipped to norm 1, and it has no momentum. Every run with SGD was still best in its last epoch. A network of one layer does well with SGD and momentum (`ma_hovy2016` in [results.md](results.md), which also differs in other settings). So these runs show that SGD is far behind with this schedule and this number of epochs, and no more.',
    trials: [
      chunking {
        variants: [
          variant('Nadam'),
          optimizer('Adam', { type: 'adam', lr: 0.001 }),
          variant('SGD', {
            'trainer.optimizer': { type: 'sgd', lr: 0.1 },
            'trainer.learning_rate_scheduler': {
              type: 'piecewise_constant',
              steps: { '1': 0.1, '3': 0.05, '5': 0.01 },
            },
          }),
        ],
        expected: [['Nadam', 'Adam'], ['Nadam', 'SGD']],
      },
    ],
  },
]
