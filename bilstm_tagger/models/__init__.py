from bilstm_tagger.models.bilstm_tagger import BiLSTMTagger

__all__ = ["BiLSTMTagger"]
