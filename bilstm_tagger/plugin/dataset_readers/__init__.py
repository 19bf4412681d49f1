from bilstm_tagger.plugin.dataset_readers.conll_columns import ConllColumnsReader
from bilstm_tagger.text.dataset_layout import DatasetLayout, TaskColumn

__all__ = ["ConllColumnsReader", "DatasetLayout", "TaskColumn"]
