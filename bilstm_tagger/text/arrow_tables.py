"""Parquet files, and data sets of Hugging Face as `save_to_disk` writes them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bilstm_tagger.text.errors import DataFormatError, PathLike
from bilstm_tagger.text.objects import Item
from bilstm_tagger.text.requirements import missing

if TYPE_CHECKING:
    import pyarrow

# A few bytes can stand for many large rows; they are not unpacked at once.
_ROWS = 100
_STATE, _SPLITS = "state.json", "dataset_dict.json"


def read_table(path: PathLike) -> Iterator[Item]:
    """Yields an object for each row. Integers that stand for labels, of which the file has the
    names (`ClassLabel`), become these."""
    number = 0
    for batch in read_batches(path):
        names = _label_names(batch.schema)
        for row in batch.to_pylist():
            number += 1
            for column, labels in names.items():
                if (values := row[column]) is not None:
                    # Other integers stay as they are, and are no tags.
                    known = range(len(labels))
                    row[column] = [
                        labels[i] if type(i) is int and i in known else i for i in values
                    ]
            yield Item(row, path, None, f"row {number}")


def read_batches(path: PathLike) -> Iterator["pyarrow.RecordBatch"]:
    """Yields the rows of a file or folder, some hundreds at a time.

    # Errors

    `DataFormatError` for what is neither, and for a folder of several splits; `UserError` where
    pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import ipc, parquet
    except ImportError as error:
        raise missing(
            "pyarrow", "parquet", "A Parquet file, or a Hugging Face data set,"
        ) from error
    root = Path(path)
    if not root.exists():
        raise DataFormatError(path, None, "there is no such file or folder; check the path")
    try:
        if (root / _SPLITS).exists():
            splits = json.loads((root / _SPLITS).read_bytes())["splits"]
            example = root / splits[0]
            raise DataFormatError(
                path, None, f"this data set has the splits {splits}; name one, as in {example}"
            )
        if not root.is_dir():
            with parquet.ParquetFile(root) as file:
                yield from file.iter_batches(_ROWS)
            return
        state = json.loads((root / _STATE).read_bytes())
        for name in state["_data_files"]:
            with pyarrow.memory_map(str(root / name["filename"])) as source:
                yield from ipc.open_stream(source)
    except DataFormatError:
        raise
    except (pyarrow.ArrowInvalid, OSError, ValueError, LookupError, TypeError) as error:
        raise DataFormatError(
            path,
            None,
            "expected a Parquet file, or the folder of a Hugging Face data set, which this is not "
            f"({error!s:.200})",
        ) from None


def _label_names(schema: "pyarrow.Schema") -> dict[str, list[str]]:
    """The names of the labels in columns that are lists of `ClassLabel`s."""
    try:
        about = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = about.get("info", {}).get("features", {}).items()
    except (ValueError, AttributeError):  # not what `datasets` writes: integers stay integers
        return {}
    names = {}
    for column, feature in features:
        inner = feature.get("feature", feature) if isinstance(feature, dict) else {}
        if isinstance(feature, list) and len(feature) == 1:  # of older versions
            inner = feature[0]
        if isinstance(inner, dict) and inner.get("_type") == "ClassLabel" and inner is not feature:
            labels = inner.get("names")
            if column in schema.names and isinstance(labels, list):
                names[column] = labels
    return names
