from bilstm_tagger.plugin.data.fields.sentence_field import SentenceField
from bilstm_tagger.plugin.data.fields.sentence_metadata_field import SentenceMetadataField
from bilstm_tagger.plugin.data.fields.task_labels_field import (
    UNKNOWN_LABEL,
    TaskLabelsField,
    label_namespace,
)
