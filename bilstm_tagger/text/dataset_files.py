"""The files that a data path names."""

import json
import os
from collections.abc import Collection, Iterator, Mapping
from typing import Union

from bilstm_tagger.text.errors import PathLike, UserError


def dataset_files(
    path: Union[PathLike, Mapping[str, str]], datasets: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Data set and file of a data path: one file, or a dictionary from data set to file.

    # Parameters

    path : `Union[PathLike, Mapping[str, str]]`
    datasets : `Collection[str]`
        The names of the data sets that the dataset reader declares; that of a single one may be "".

    # Errors

    `UserError` for a data set that is not declared, and a file that may belong to several.
    """
    if isinstance(path, Mapping):
        for name, file in path.items():
            if name not in datasets or name == "":
                declared = sorted(filter(None, datasets))
                what = f"{declared}: {dict(path)}" if declared else "none: give the file alone"
                raise UserError(
                    f"The data path names the data set {name!r}, but 'datasets' of the dataset "
                    f"reader declares {what}"
                )
            yield name, file
    elif len(datasets) == 1:
        yield next(iter(datasets)), os.fspath(path)
    elif os.fspath(path).lstrip().startswith("{"):
        raise UserError(
            f"The data path is no JSON: {os.fspath(path)!r}; names and files need double quotes, "
            "and the whole, in a shell, single quotes"
        )
    else:
        example = json.dumps({next(iter(datasets)): os.fspath(path)})
        raise UserError(
            f"There are several data sets ({', '.join(datasets)}): say to which the file belongs, "
            f"as in {example}"
        )
