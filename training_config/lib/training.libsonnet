// How the networks are trained.
{
  // Batches of equal length (Reimers and Gurevych 2017). main_dataset: the data set whose number of
  // batches is the length of an epoch, where there are several.
  batches(size=32, main_dataset=null):: {
    batch_sampler: { type: 'same_length', batch_size: size, main_dataset: main_dataset },
  },

  // Nadam with gradients clipped to norm 1, the best epoch by the metrics. The model is shown at the
  // start; results.tsv and best_epochs.json have the scores of each task. An interrupted training
  // goes on with --recover, and ends as it would have.
  trainer(metrics, epochs, patience=null):: {
    optimizer: { type: 'nadam', lr: 0.002 },
    grad_norm: 1.0,
    num_epochs: epochs,
    patience: patience,
    validation_metric: metrics,
    checkpointer: { keep_most_recent_by_count: 1 },
    callbacks: [{ type: 'random_state' }, { type: 'model_summary' }, { type: 'best_epochs' }],
  },
}
