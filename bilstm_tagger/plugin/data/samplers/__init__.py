from bilstm_tagger.plugin.data.samplers.same_length import SameLengthBatchSampler

__all__ = ["SameLengthBatchSampler"]
