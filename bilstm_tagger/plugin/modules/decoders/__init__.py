from bilstm_tagger.plugin.modules.decoders.crf import CRFDecoder
from bilstm_tagger.plugin.modules.decoders.softmax import SoftmaxDecoder
from bilstm_tagger.plugin.modules.decoders.task_decoder import TaskDecoder
