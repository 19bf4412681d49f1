from bilstm_tagger.data.fields.sentence_field import SentenceField
from bilstm_tagger.data.fields.task_labels_field import (
    UNKNOWN_LABEL,
    TaskLabelsField,
    label_namespace,
)

__all__ = ["SentenceField", "TaskLabelsField", "UNKNOWN_LABEL", "label_namespace"]
