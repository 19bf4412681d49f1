"""What a search may vary, and how it varies it."""

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from allennlp.common.checks import ConfigurationError
from allennlp.common.params import with_overrides

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

_NUMBERS: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float)}


@dataclasses.dataclass(frozen=True)
class Choice:
    """A setting that is one of several.

    # Parameters

    options : `Dict[str, Dict[str, Any]]`
        A label for each to the overrides of the config that it stands for.
    """

    options: dict[str, dict[str, Any]]

    def suggest(self, name: str, trial: "BaseTrial") -> dict[str, Any]:
        return self.options[trial.suggest_categorical(name, list(self.options))]


@dataclasses.dataclass(frozen=True)
class Number:
    """A setting that is a number of a range, both ends of which belong to it."""

    low: float
    high: float
    whole: bool
    log: bool = False
    step: Any = None

    def suggest(self, name: str, trial: "BaseTrial") -> dict[str, Any]:
        if self.whole:
            low, high, step = int(self.low), int(self.high), self.step or 1
            return {name: trial.suggest_int(name, low, high, step=step, log=self.log)}
        return {name: trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)}


class SearchSpace:
    """The settings of a search, by name.

    The name of a number, or of a choice of values, is the key of the config that it overrides, as
    `trainer.optimizer.lr` or `model.encoder.dropout.0`. A choice of an object has a label for each
    option, and the overrides that it stands for:

    ```
    {
      'trainer.optimizer.lr': { type: 'float', low: 5e-4, high: 5e-3, log: true },
      'data_loader.batch_sampler.batch_size': { type: 'int', low: 8, high: 64, step: 8 },
      'model.encoder.hidden_sizes': { type: 'categorical', choices: [[100], [100, 100]] },
      encoding: { type: 'categorical', choices: {
        BIO: { 'dataset_reader.tasks.chunk.model_encoding': 'BIO',
               'model.tasks.chunk.encoding': 'BIO' },
        IOBES: { 'dataset_reader.tasks.chunk.model_encoding': 'IOBES',
                 'model.tasks.chunk.encoding': 'IOBES' },
      } },
    }
    ```

    # Parameters

    settings : `Dict[str, Dict[str, Any]]`
        As above.

    # Errors

    `ConfigurationError` for what is no setting, with its name.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        if not settings:
            raise ConfigurationError("the space has no settings: there is nothing to search")
        self.settings = {name: _setting(name, about) for name, about in settings.items()}

    def suggest(self, trial: "BaseTrial") -> dict[str, Any]:
        """The overrides of a trial."""
        overrides: dict[str, Any] = {}
        for name, setting in self.settings.items():
            overrides.update(setting.suggest(name, trial))
        return overrides


def config_with(config: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The config with the overrides of a trial. A `ConfigurationError` where they do not fit it."""
    try:
        return with_overrides(dict(config), dict(overrides))
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"the space does not fit the config: {error}") from error


def _setting(name: str, about: Any) -> "Choice | Number":
    def wrong(why: str) -> ConfigurationError:
        return ConfigurationError(f"'{name}' of the space {why}; found {json.dumps(about)}")

    kind = about.get("type") if isinstance(about, Mapping) else None
    if kind == "categorical":
        if set(about) != {"type", "choices"} or not about["choices"]:
            raise wrong("needs 'choices', and nothing else")
        choices = about["choices"]
        if isinstance(choices, Mapping):
            if not all(isinstance(each, Mapping) for each in choices.values()):
                raise wrong("must have overrides for each label of its choices")
            return Choice({label: dict(each) for label, each in choices.items()})
        if not isinstance(choices, list):
            raise wrong("must have a list of choices, or an object")
        options = {_label(value): {name: value} for value in choices}
        if len(options) < len(choices):
            raise wrong("has choices that are alike, or are written alike")
        return Choice(options)
    if kind in _NUMBERS:
        known = {"type", "low", "high", "log", "step"}
        if set(about) - known or {"low", "high"} - set(about):
            raise wrong("needs 'low' and 'high', and may have 'log' and 'step'")
        numbers = [about[key] for key in ("low", "high", "step") if key in about]
        if not all(isinstance(each, _NUMBERS[kind]) for each in numbers):
            raise wrong(f"must have numbers of type '{kind}'")
        if about.get("step", 1) <= 0:
            raise wrong("must have a 'step' above 0")
        if about["low"] > about["high"]:
            raise wrong("must have a 'low' that is not above 'high'")
        if about.get("log") and ("step" in about or about["low"] <= 0):
            raise wrong("with 'log' must have a 'low' above 0 and no 'step'")
        return Number(
            about["low"],
            about["high"],
            kind == "int",
            bool(about.get("log")),
            about.get("step"),
        )
    raise wrong("needs a type: 'categorical', 'int' or 'float'")


def _label(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
