from bilstm_tagger.plugin.models.bilstm_tagger import BiLSTMTagger
