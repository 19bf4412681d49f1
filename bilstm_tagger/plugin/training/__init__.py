from bilstm_tagger.plugin.training.best_epochs import BestEpochsCallback
from bilstm_tagger.plugin.training.checkpointer import RecoverableCheckpointer
from bilstm_tagger.plugin.training.learning_rates import (
    InverseTimeDecayLearningRate,
    PiecewiseConstantLearningRate,
)
from bilstm_tagger.plugin.training.moving_average import RecoverableMovingAverage
from bilstm_tagger.plugin.training.optimizers import FusedAdamOptimizer, NadamOptimizer
from bilstm_tagger.plugin.training.pruning import OptunaPruningCallback
from bilstm_tagger.plugin.training.random_state import RandomStateCallback
from bilstm_tagger.plugin.training.summary import ModelSummaryCallback
