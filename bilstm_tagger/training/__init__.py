from bilstm_tagger.training.optimizers import NadamOptimizer

__all__ = ["NadamOptimizer"]
