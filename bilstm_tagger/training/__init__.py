from bilstm_tagger.training.best_epochs import BestEpochsCallback
from bilstm_tagger.training.learning_rates import (
    InverseTimeDecayLearningRate,
    PiecewiseConstantLearningRate,
)
from bilstm_tagger.training.moving_average import RecoverableMovingAverage
from bilstm_tagger.training.optimizers import FusedAdamOptimizer, NadamOptimizer
from bilstm_tagger.training.pruning import OptunaPruningCallback
from bilstm_tagger.training.random_state import RandomStateCallback
from bilstm_tagger.training.summary import ModelSummaryCallback

__all__ = [
    "BestEpochsCallback",
    "FusedAdamOptimizer",
    "InverseTimeDecayLearningRate",
    "ModelSummaryCallback",
    "NadamOptimizer",
    "OptunaPruningCallback",
    "PiecewiseConstantLearningRate",
    "RandomStateCallback",
    "RecoverableMovingAverage",
]
