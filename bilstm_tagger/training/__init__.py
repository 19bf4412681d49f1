from bilstm_tagger.training.optimizers import FusedAdamOptimizer, NadamOptimizer
from bilstm_tagger.training.random_state import RandomStateCallback

__all__ = ["FusedAdamOptimizer", "NadamOptimizer", "RandomStateCallback"]
