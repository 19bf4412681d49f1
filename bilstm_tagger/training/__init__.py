from bilstm_tagger.training.optimizers import NadamOptimizer
from bilstm_tagger.training.random_state import RandomStateCallback

__all__ = ["NadamOptimizer", "RandomStateCallback"]
