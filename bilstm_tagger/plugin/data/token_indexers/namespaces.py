"""Where the vocabulary keeps what the token indexers of a reader count."""

from collections.abc import Mapping

from allennlp.common.checks import ConfigurationError
from allennlp.data import TokenIndexer

from bilstm_tagger.plugin.data.token_indexers.lexicon import LexiconIndexer, entries_namespace
from bilstm_tagger.plugin.data.token_indexers.words import WordFormsIndexer

# The vocabulary keeps a file of this name for itself.
_RESERVED = "non_padded_namespaces"


def check_namespaces(indexers: Mapping[str, TokenIndexer]) -> None:
    """Raises `ConfigurationError` for a namespace in which the vocabulary cannot keep the values of
    an indexer, and for two indexers that would mix their values in one."""
    owners: dict[str, tuple[str, TokenIndexer]] = {}
    for name, indexer in indexers.items():
        namespace = getattr(indexer, "namespace", None)
        if not isinstance(namespace, str):
            continue
        spaces = [namespace]
        if isinstance(indexer, LexiconIndexer):
            spaces.append(entries_namespace(namespace))
        if isinstance(indexer, (LexiconIndexer, WordFormsIndexer)):
            _check_name(name, namespace)
        for space in spaces:
            first, owner = owners.setdefault(space, (name, indexer))
            # Two may share words or characters; a lexicon has entries of its own.
            if owner is not indexer and (
                type(owner) is not type(indexer) or isinstance(indexer, LexiconIndexer)
            ):
                raise ConfigurationError(
                    f"the token indexers '{first}' and '{name}' both keep their values in the "
                    f"namespace '{space}' of the vocabulary; give one of them another 'namespace', "
                    "and its embedder the same (the 'name' of the input in inputs.libsonnet)"
                )


def _check_name(name: str, namespace: str) -> None:
    if namespace.endswith(("tags", "labels")):
        problem = "ends in 'tags' or 'labels', of which AllenNLP keeps no padding"
    elif not namespace or "/" in namespace or namespace.startswith(".") or namespace == _RESERVED:
        problem = "cannot be the name of a file of the vocabulary"
    else:
        return
    raise ConfigurationError(
        f"the namespace '{namespace}' of the token indexer '{name}' {problem}; choose another one, "
        "for indexer and embedder (the 'name' of the input in inputs.libsonnet)"
    )
