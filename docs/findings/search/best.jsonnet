// The best of 40 trials of a search: trial 29, chunk_f1 0.9577 on dev
// with seed 1. data_loader.batch_sampler.batch_size 16, encoding IOBES, model.encoder.dropout.0 0.22872528878240728, model.encoder.dropout.1 0.43396181216947216, model.encoder.hidden_sizes [150, 150], trainer.optimizer.lr 0.0022271118067868773
{
  "data_loader": {
    "batch_sampler": {
      "batch_size": 16,
      "main_dataset": null,
      "type": "same_length"
    }
  },
  "dataset_reader": {
    "columns": {
      "chunk": 2,
      "pos": 1,
      "tokens": 0
    },
    "tasks": {
      "chunk": {
        "encoding": "BIO",
        "model_encoding": "IOBES"
      }
    },
    "token_indexers": {
      "casing": {
        "type": "casing"
      },
      "characters": {
        "max_length": 25,
        "type": "word_characters"
      },
      "words": {
        "type": "word_forms"
      }
    },
    "type": "conll_columns"
  },
  "evaluate_on_test": true,
  "model": {
    "encoder": {
      "dropout": [
        0.22872528878240728,
        0.43396181216947216
      ],
      "hidden_sizes": [
        150,
        150
      ]
    },
    "tasks": {
      "chunk": {
        "encoding": "IOBES",
        "type": "crf"
      }
    },
    "text_field_embedder": {
      "token_embedders": {
        "casing": {
          "embedding_dim": 10,
          "padding_index": 0,
          "type": "embedding",
          "vocab_namespace": "casing"
        },
        "characters": {
          "type": "character_cnn"
        },
        "words": {
          "embedding_dim": 100,
          "pretrained_file": "data/glove/glove.6B.100d.trimmed.txt.gz",
          "trainable": false,
          "type": "word_vectors"
        }
      }
    },
    "type": "bilstm_tagger"
  },
  "test_data_path": "data/conll2000/test.txt",
  "train_data_path": "data/conll2000/train.txt",
  "trainer": {
    "callbacks": [
      {
        "type": "random_state"
      },
      {
        "type": "model_summary"
      },
      {
        "type": "best_epochs"
      }
    ],
    "checkpointer": {
      "keep_most_recent_by_count": 1
    },
    "grad_norm": 1,
    "num_epochs": 16,
    "optimizer": {
      "lr": 0.0022271118067868773,
      "type": "nadam"
    },
    "patience": 15,
    "validation_metric": "+chunk_f1",
    "moving_average": {
      "decay": 0.998,
      "type": "exponential"
    }
  },
  "validation_data_path": "data/conll2000/dev.txt",
  "vocabulary": {
    "keep": "reachable",
    "pretrained_file": "data/glove/glove.6B.100d.trimmed.txt.gz",
    "type": "word_vectors"
  }
}
