from bilstm_tagger.plugin.dataset_readers.conll_columns import ConllColumnsReader
from bilstm_tagger.plugin.dataset_readers.dataset_layout import DatasetLayout, TaskColumn

__all__ = ["ConllColumnsReader", "DatasetLayout", "TaskColumn"]
