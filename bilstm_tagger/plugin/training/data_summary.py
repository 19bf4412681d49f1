"""What a training reads: a table of its data sets, and what it keeps of them on disk."""

import shutil
from collections import Counter, defaultdict

from allennlp.data import DataLoader, TokenIndexer
from rich.console import JustifyMethod
from rich.table import Table

from bilstm_tagger.plugin.data.token_indexers import LexiconIndexer
from bilstm_tagger.plugin.dataset_readers import ConllColumnsReader
from bilstm_tagger.plugin.models import BiLSTMTagger
from bilstm_tagger.plugin.modules.token_embedders import ContextualEmbedder, WordVectorEmbedder
from bilstm_tagger.plugin.training.summary import text_of
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.lexicon import OUTSIDE
from bilstm_tagger.text.possible_labels import Possible
from bilstm_tagger.text.spans import split_tag

_EMBEDDER = "token_embedder_"


def data_summary(model: BiLSTMTagger, loaders: dict[str, DataLoader]) -> str:
    """A table of the data, a row for each part (training, validation, test) and data set: its
    sentences and tokens, the share of the tokens that have a vector in a file of word vectors,
    and of those that are in an entry of each lexicon, and the number of different labels of each
    task, with the share of the tokens whose label is known where that is not all.
    """
    # Of each lexicon the id of tokens that are in no entry.
    lexicons = {
        name: model.vocab.get_token_index(OUTSIDE, indexer.namespace)
        for name, indexer in _indexers(loaders).items()
        if isinstance(indexer, LexiconIndexer)
    }
    shares = ["with a vector", *(f"in {name}" for name in lexicons)]
    table = Table(title="The data")
    for heading in ("data", "sentences", "tokens", *shares, "labels"):
        justify: JustifyMethod = "left" if heading in ("data", "labels") else "right"
        # The names of parts and data sets are never cut.
        table.add_column(heading, justify=justify, no_wrap=heading == "data")
    # Of each file of word vectors the indexer, and whether a word has a vector.
    vectors: list[tuple[str, list[bool]]] = []
    for name, module in model.text_field_embedder.named_children():
        if isinstance(module, WordVectorEmbedder) and module.has_vector is not None:
            vectors.append((name.removeprefix(_EMBEDDER), module.has_vector.tolist()))
    for part, loader in loaders.items():
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        labels: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        open_tokens: dict[str, Counter[str]] = defaultdict(Counter)
        for instance in loader.iter_instances():
            data_set = instance["metadata"].metadata["dataset"]
            words = instance["tokens"]
            counts[data_set].update(sentences=1, tokens=len(words))
            of_files = [map(has.__getitem__, words.ids(indexer)) for indexer, has in vectors]
            counts[data_set]["vectors"] += sum(map(any, zip(*of_files, strict=True)))
            for name, outside in lexicons.items():
                counts[data_set][f"in {name}"] += len(words) - words.ids(name).count(outside)
            if "labels" in instance.fields:
                for task, tags in instance["labels"].labels.items():
                    for tag in tags:
                        if isinstance(tag, Possible):
                            labels[data_set][task].update(tag.named)
                            open_tokens[data_set][task] += tag.certain is None
                        else:
                            labels[data_set][task].add(tag)
        for data_set, count in counts.items():
            share = f"{count['vectors'] / count['tokens']:.1%}" if vectors else ""
            numbers = ", ".join(
                f"{task} {len(tags)}" + _known(1 - open_tokens[data_set][task] / count["tokens"])
                for task, tags in labels[data_set].items()
            )
            sizes = (f"{count['sentences']:,}", f"{count['tokens']:,}")
            matches = [f"{count[heading] / count['tokens']:.1%}" for heading in shares[1:]]
            table.add_row(f"{part} {data_set}".rstrip(), *sizes, share, *matches, numbers)
    return text_of(table)


def _indexers(loaders: dict[str, DataLoader]) -> dict[str, TokenIndexer]:
    """Those of the dataset reader of the data loaders."""
    reader = getattr(next(iter(loaders.values()), None), "reader", None)
    return reader.token_indexers if isinstance(reader, ConllColumnsReader) else {}


def cache_summary(model: BiLSTMTagger, loaders: dict[str, DataLoader]) -> list[str]:
    """A line for each input whose vectors are computed once: what they need on disk.

    # Errors

    `UserError` where the disk has not enough space, `ConfigurationError` where it cannot be used.
    """
    caches = {
        name.removeprefix(_EMBEDDER): cache
        for name, module in model.text_field_embedder.named_children()
        if isinstance(module, ContextualEmbedder) and (cache := module.open_cache())
    }
    if not caches:
        return []
    sentences = {
        tuple(token.text for token in instance["tokens"])
        for loader in loaders.values()
        for instance in loader.iter_instances()
    }
    tokens = sum(map(len, sentences))
    lines = []
    missing = 0
    for name, cache in caches.items():
        needed, there = (count * cache.bytes_per_token for count in (tokens, cache.tokens))
        missing += max(needed - there, 0)
        lines.append(
            f"Vectors of {name}: {_size(needed)}, of {tokens:,} tokens; the folder {cache.folder} "
            f"has {_size(there)}"
        )
        if missing > (free := shutil.disk_usage(cache.folder).free):
            raise UserError(
                f"the vectors that are missing need {_size(missing)}, but the disk has "
                f"{_size(free)}; name another folder as 'cache', keep fewer layers ('layers': "
                "'mean' or 'last'), or set 'cache' to null",
                cache.folder,
            )
    return lines


def _size(number: int) -> str:
    units = {"GB": 1e9, "MB": 1e6, "kB": 1e3}
    unit = next((unit for unit, size in units.items() if number >= size), "kB")
    return f"{number / units[unit]:,.1f} {unit}"


def _known(share: float) -> str:
    return "" if share == 1 else f" (known of {share:.1%})"


def unknown_unannotated_types(model: BiLSTMTagger, reader: ConllColumnsReader) -> list[str]:
    """A line for each type of spans that some data set declares as `unannotated`, and that no data
    set has: most are typing errors."""
    lines = []
    for name, layout in reader.datasets.items():
        of_dataset = f" of data set '{name}'" if name else ""
        for task, column in layout.tasks.items():
            decoder = model.decoders().get(task)
            if decoder is None or decoder.encoding is None or column.unannotated == "all":
                continue
            types = {split_tag(label)[1] for label in decoder.labels} - {""}
            lines += [
                f"tasks.{task}.unannotated{of_dataset} names {label!r}, a type that no training "
                f"data have; there are {', '.join(sorted(types))}"
                for label in column.unannotated
                if label not in types
            ]
    return lines
