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
    claim: 'A softmax loses 0.38 points of F1 on chunks against a CRF, and 0.19 points of accuracy on parts of speech, in the median.',
    note: 'That is the network as it is. What the softmax loses on chunks it gets back when its tags are held to the rules of the encoding, as predictions are ([tagging.md](tagging.md#rules-of-the-encoding)).',
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
    claim: 'On chunks, no dropout loses 0.88 points against variational dropout, naive dropout 0.53, in the median.',
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
    claim: 'Without characters 0.20 points are lost on chunks and 0.90 on parts of speech, in the median; whether a CNN or an LSTM makes their vectors does not matter.',
    note: 'On chunks the runs show no difference of CNN and LSTM, either; on parts of speech of EWT the LSTM is better.',
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
    claim: 'Nadam is best most often, Adam close to it; SGD is far behind.',
    note: 'Nadam and Adam have the learning rates of Keras (0.002, 0.001), SGD those of the program behind the paper: 0.1, from the third epoch 0.05, from the fifth 0.01, with gradients clipped to norm 1 and no momentum. Every run of it was still best in its last epoch, and a network of one layer does well by SGD with momentum (`ma_hovy2016` in [results.md](results.md), which differs in more): what is far behind is SGD with this schedule, for so many epochs.',
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
