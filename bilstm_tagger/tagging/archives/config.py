"""The config in an archive from anywhere: plain JSON, of known components alone.

AllenNLP evaluates it as jsonnet, takes any class path as a component, and components may read files
and addresses. Here every part is held against the constructor that it is for, as AllenNLP would
call it, before anything is constructed.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, Union

from allennlp.common import Lazy, Registrable
from allennlp.common.from_params import infer_constructor_params, remove_optional
from allennlp.common.params import parse_overrides, with_overrides
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model

from bilstm_tagger.tagging.archives.limits import MEND_DAMAGED, MEND_TRUST, UnsafeArchive
from bilstm_tagger.tagging.archives.members import CONFIG

_PACKAGE = "bilstm_tagger."

# Of AllenNLP: components that read no file, open no address, and run nothing that a config names.
ALLENNLP_COMPONENTS = {
    "TextFieldEmbedder": ("basic",),
    "TokenEmbedder": ("embedding", "empty"),
    "TokenIndexer": ("single_id",),
    "Regularizer": ("l1", "l2"),
    # Only the class counts: the words are those in the archive.
    "Vocabulary": ("from_instances", "from_files", "extend", "empty"),
}

# What AllenNLP itself leaves out of a stored model: its weights have all that they gave.
_ONLY_FOR_TRAINING = ("pretrained_file", "initializer")

# What loading constructs. The rest is about training and is left out.
_SECTIONS = ("dataset_reader", "validation_dataset_reader", "model")
_OF_VOCABULARY = ("type", "padding_token", "oov_token")

_MAX_DEPTH = 50
_MAX_VALUES = 10_000
# All tokens are padded to that length.
_LARGEST = {"max_length": 10_000, "token_min_padding_length": 10_000}
_NAMES_FILES = re.compile(r"(^|_)(file|files|path|paths|dir|directory|url|uri|model_name)$")


def _refuse(key: str, what: str, mend: str = MEND_TRUST) -> NoReturn:
    raise UnsafeArchive(f"{CONFIG}, {key:.300}" if key else CONFIG, what, mend)


def parse_json(data: bytes, where: str) -> dict[str, Any]:
    """A JSON object. jsonnet is not evaluated, and what JSON does not have (NaN) is refused.

    # Errors

    `UnsafeArchive` for anything else, keys that come twice, and deep nesting.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError("a key comes twice")
        return dict(pairs)

    def no_number(text: str) -> NoReturn:
        raise ValueError(f"{text} is no JSON")

    def number(text: str) -> float:
        if math.isinf(value := float(text)):
            raise ValueError(f"{text} is too large")
        return value

    try:
        loaded = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=once,
            parse_float=number,
            parse_constant=no_number,
        )
    except ValueError as error:
        what = f"this is no JSON ({error}), as AllenNLP writes it; jsonnet is not evaluated"
        raise UnsafeArchive(where, what, MEND_DAMAGED) from None
    except RecursionError:
        raise UnsafeArchive(where, "its JSON is nested too deep", MEND_DAMAGED) from None
    if not isinstance(loaded, dict):
        raise UnsafeArchive(where, "expected a JSON object", MEND_DAMAGED)
    _check_extent(loaded, where)
    return loaded


def _check_extent(value: dict[str, Any], where: str) -> None:
    """Each layer and column costs time: some thousand are no config."""
    level: list[Any] = [value]
    values = 0
    for _ in range(_MAX_DEPTH):
        below: list[Any] = []
        for each in level:
            below += each.values() if isinstance(each, dict) else each
        values += len(below)
        level = [each for each in below if isinstance(each, (dict, list))]
    if level or values > _MAX_VALUES:
        what = f"more than {_MAX_VALUES} values, or nested deeper than {_MAX_DEPTH}"
        raise UnsafeArchive(where, what, MEND_DAMAGED)


def _is_harmless(base: type, name: str, found: type) -> bool:
    """By the class, as any package may register under any name."""
    if found.__module__.startswith(_PACKAGE):
        return True
    of_allennlp = found.__module__.startswith("allennlp.")
    return of_allennlp and name in ALLENNLP_COMPONENTS.get(base.__name__, ())


def _component(base: type, name: Any, key: str) -> tuple[type, Any]:
    """The class and constructor of a component, without importing anything."""
    registered = Registrable._registry.get(base, {})
    if not isinstance(name, str):
        _refuse(key, f"expected the name of a {base.__name__}", MEND_DAMAGED)
    if name not in registered or not _is_harmless(base, name, registered[name][0]):
        known = sorted(
            each for each, (found, _) in registered.items() if _is_harmless(base, each, found)
        )
        _refuse(
            key,
            f"{name!a:.200} is none of the components of type {base.__name__} that are known to be "
            f"harmless ({', '.join(known) or 'there are none'})",
        )
    found, constructor = registered[name]
    return found, getattr(found, constructor or "__init__")


def _check_object(value: Any, wanted: type, key: str) -> None:
    """What stands for an object of a class, as `FromParams` would construct it."""
    if issubclass(wanted, Vocabulary):
        _refuse(key, "the vocabulary is that of the archive, and no setting", MEND_DAMAGED)
    if isinstance(value, str):
        value = {"type": value}
    if not isinstance(value, dict):
        _refuse(key, f"expected an object that describes a {wanted.__name__}", MEND_DAMAGED)
    constructed, constructor = wanted, wanted.__init__  # type: ignore[misc]
    settings = dict(value)
    if Registrable._registry.get(wanted):
        default = wanted.default_implementation  # type: ignore[attr-defined]
        name = settings.pop("type", default)
        constructed, constructor = _component(wanted, name, f"{key}.type")
    parameters = infer_constructor_params(constructed, constructor)
    for name, setting in settings.items():
        place = f"{key}.{name}"
        if name not in parameters:
            _refuse(place, f"{constructed.__name__} has no such setting")
        if _NAMES_FILES.search(name):
            _refuse(place, "this setting may read a file or an address")
        if name in _LARGEST and isinstance(setting, int) and setting > _LARGEST[name]:
            _refuse(place, f"it is {setting}, and may be {_LARGEST[name]} at most")
        _check_value(setting, parameters[name].annotation, place)


def _check_value(value: Any, annotation: Any, key: str) -> None:
    """What stands for a parameter, by its annotation."""
    annotation = remove_optional(annotation)
    origin = getattr(annotation, "__origin__", None)
    inner: tuple[Any, ...] = getattr(annotation, "__args__", ())
    if value is None:
        return
    if origin is Lazy:
        _check_value(value, inner[0], key)
    elif isinstance(annotation, type) and hasattr(annotation, "from_params"):
        _check_object(value, annotation, key)
    elif origin is Union:
        # Only of plain values: which of several classes is meant cannot be told.
        if not any(_fits_plain(value, each) for each in inner):
            _refuse(key, f"a value that is not of the type {annotation}", MEND_DAMAGED)
    elif isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, dict):
        for name, each in value.items():
            _check_value(each, inner[-1], f"{key}.{name}")
    elif isinstance(origin, type) and issubclass(origin, Iterable) and isinstance(value, list):
        kinds = inner if origin is tuple else inner * len(value)
        if len(kinds) != len(value):
            _refuse(key, f"expected {len(kinds)} values", MEND_DAMAGED)
        for index, (each, kind) in enumerate(zip(value, kinds, strict=True)):
            _check_value(each, kind, f"{key}.{index}")
    elif not _fits_plain(value, annotation):
        _refuse(key, f"a value that is not of the type {annotation}", MEND_DAMAGED)


def _fits_plain(value: Any, annotation: Any) -> bool:
    if annotation in (str, bool):
        return isinstance(value, annotation)
    if annotation in (int, float):
        return isinstance(value, (int, float))
    if getattr(annotation, "__origin__", None) is list and isinstance(value, list):
        return all(_fits_plain(each, annotation.__args__[0]) for each in value)
    return False


def _without_training(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        key: _without_training(each) for key, each in value.items() if key not in _ONLY_FOR_TRAINING
    }


def _loaded_sections(config: dict[str, Any]) -> dict[str, Any]:
    """What loading needs of a config."""
    vocabulary = config.get("vocabulary") or {}
    if not isinstance(vocabulary, dict):
        _refuse("vocabulary", "expected an object", MEND_DAMAGED)
    sections = {name: config[name] for name in _SECTIONS if config.get(name) is not None}
    for name in ("dataset_reader", "model"):
        if not isinstance(sections.get(name), dict):
            _refuse(name, "expected an object", MEND_DAMAGED)
    sections["model"] = _without_training(sections["model"])
    sections["vocabulary"] = {k: vocabulary[k] for k in _OF_VOCABULARY if k in vocabulary}
    return sections


def _check_sections(sections: dict[str, Any]) -> None:
    vocabulary = sections["vocabulary"]
    _component(Vocabulary, vocabulary.get("type", "from_instances"), "vocabulary.type")
    for name in ("padding_token", "oov_token"):
        _check_value(vocabulary.get(name), str, f"vocabulary.{name}")
    _check_object(sections["model"], Model, "model")
    for name in ("dataset_reader", "validation_dataset_reader"):
        if name in sections:
            _check_object(sections[name], DatasetReader, name)


def read_config(
    data: bytes, overrides: Union[str, dict[str, Any]] = "", trust: bool = False
) -> dict[str, Any]:
    """The config of an archive.

    # Parameters

    data : `bytes`
        `config.json`.
    overrides : `Union[str, Dict[str, Any]]`, optional (default=`""`)
        Of the user, as `load_archive` takes them; they are not checked.
    trust : `bool`, optional (default=`False`)
        `False`: components that are not known to be harmless are refused, and only what loading
        needs is returned, without settings that name files. `True`: the whole config as it is.

    # Errors

    `UnsafeArchive`.
    """
    config = parse_json(data, CONFIG)
    if not trust:
        _check_sections(_loaded_sections(config))
    if isinstance(overrides, dict):
        overrides = json.dumps(overrides)
    given = parse_overrides(overrides)
    if given:
        config = with_overrides(config, given)
    return config if trust else _loaded_sections(config)
