from bilstm_tagger.plugin.predictors.tagger_predictor import TaggerPredictor

__all__ = ["TaggerPredictor"]
