from bilstm_tagger.predictors.tagger_predictor import TaggerPredictor

__all__ = ["TaggerPredictor"]
