from bilstm_tagger.archives.limits import Limits, UnsafeArchive
from bilstm_tagger.archives.loading import load_safely

__all__ = ["Limits", "UnsafeArchive", "load_safely"]
