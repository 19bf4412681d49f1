from bilstm_tagger.data.samplers.same_length import SameLengthBatchSampler

__all__ = ["SameLengthBatchSampler"]
