"""Models by name: those that come with this package, and those that other packages bring.

A model that comes with this package is the file `bilstm_tagger/models/NAME.safetensors`, beside its
card, `NAME.md`. Another package declares an entry point `NAME = PACKAGE` in the group
`bilstm_tagger.models`, and its folder has files of the same names. Nothing of it is imported.
"""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, Optional

from bilstm_tagger import __version__

GROUP = "bilstm_tagger.models"  # of entry points
SUFFIX = ".safetensors"
CARD_SUFFIX = ".md"
# A name is that of a Python package, too: in lower case, as for some file systems.
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

OWN_PACKAGE = f"bilstm-tagger {__version__}"
_OWN_FOLDER = Path(__file__).parents[1] / "models"


class InstalledModel(NamedTuple):
    """A model that can be loaded by its name."""

    name: str
    path: Path  # of the model file
    package: str  # name and version of the installed package that brings it


def installed_models() -> list[InstalledModel]:
    """All models that can be loaded by name, in alphabetical order. Of models of one name, it is
    the one that is loaded."""
    models: dict[str, InstalledModel] = {}
    for model in (*map(_own, _OWN_FOLDER.glob(f"*{SUFFIX}")), *_of_packages(None)):
        models.setdefault(model.name, model)
    return sorted(models.values())


def installed_model(name: str) -> Optional[InstalledModel]:
    """The model of a name, if it is installed. Those of this package come first, and are found
    without a look at others, which takes longer."""
    path = _OWN_FOLDER / f"{name}{SUFFIX}"
    if not NAME.fullmatch(name):
        return None
    return _own(path) if path.is_file() else next(_of_packages(name), None)


def _own(path: Path) -> InstalledModel:
    return InstalledModel(path.stem, path, OWN_PACKAGE)


def _of_packages(name: Optional[str]) -> Iterator[InstalledModel]:
    """Models of other packages: all, or those of a name."""
    from importlib.metadata import entry_points

    entries = entry_points(group=GROUP)
    for entry in entries if name is None else entries.select(name=name):
        # To find a package inside of another one, Python would import that.
        if not entry.value.isidentifier() or not NAME.fullmatch(entry.name) or entry.dist is None:
            continue
        spec = find_spec(entry.value)
        for folder in (spec and spec.submodule_search_locations) or ():
            path = Path(folder) / f"{entry.name}{SUFFIX}"
            if path.is_file():
                package = f"{entry.dist.name} {entry.dist.version}"
                yield InstalledModel(entry.name, path, package)
                break
