from bilstm_tagger.plugin.data.samplers.process_share import ProcessShare
from bilstm_tagger.plugin.data.samplers.same_length import SameLengthBatchSampler, tell_purposes
