"""What a search may vary, and how it varies it."""

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from allennlp.common.checks import ConfigurationError
from allennlp.common.params import with_overrides

from bilstm_tagger.text.errors import UserError

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

_NUMBERS: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float)}


@dataclasses.dataclass(frozen=True)
class Setting:
    """A setting that is a number of a range, both ends included, or one of several options."""

    # "int", "float" or "categorical"; the arguments are those of Optuna's `suggest_<kind>`.
    kind: str
    arguments: dict[str, Any]
    # The label of each choice to its overrides of the config; `None` for numbers.
    options: dict[str, dict[str, Any]] | None = None

    def suggest(self, name: str, trial: "BaseTrial") -> dict[str, Any]:
        """The overrides of a trial."""
        value = getattr(trial, f"suggest_{self.kind}")(name, **self.arguments)
        return {name: value} if self.options is None else self.options[value]


class SearchSpace:
    """The settings of a search, by name.

    The name of a number, or of a choice of values, is the key of the config that it overrides, as
    `trainer.optimizer.lr` or `model.encoder.dropout.0`. A choice of an object has a label for each
    option, and the overrides that the label stands for:

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

    # Errors

    `UserError` for what is no setting, with its name.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        if not settings:
            raise UserError("the space has no settings: there is nothing to search")
        self.settings = {name: _setting(name, about) for name, about in settings.items()}

    def suggest(self, trial: "BaseTrial") -> dict[str, Any]:
        """The overrides of a trial."""
        overrides: dict[str, Any] = {}
        for name, setting in self.settings.items():
            overrides |= setting.suggest(name, trial)
        return overrides


def config_with(config: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The config with the overrides of a trial. A `UserError` where they do not fit it."""
    try:
        return with_overrides(dict(config), dict(overrides))
    except (ValueError, KeyError, TypeError, ConfigurationError) as error:
        raise UserError(f"the space does not fit the config: {error}") from error


def _setting(name: str, about: Any) -> Setting:
    def wrong(why: str) -> UserError:
        return UserError(f"'{name}' of the space {why}; found {json.dumps(about)}")

    kind = about.get("type") if isinstance(about, Mapping) else None
    if kind == "categorical":
        if set(about) != {"type", "choices"} or not about["choices"]:
            raise wrong("needs 'choices', and nothing else")
        choices = about["choices"]
        if isinstance(choices, Mapping):
            if not all(isinstance(overrides, Mapping) for overrides in choices.values()):
                raise wrong("must have overrides for each label of its choices")
            options = {label: dict(overrides) for label, overrides in choices.items()}
        elif isinstance(choices, list):
            options = {_label(value): {name: value} for value in choices}
        else:
            raise wrong("must have a list of choices, or an object")
        if len(options) < len(choices):
            raise wrong("has choices that are alike, or are written alike")
        return Setting(kind, {"choices": list(options)}, options)
    if kind not in _NUMBERS:
        raise wrong("needs a type: 'categorical', 'int' or 'float'")
    arguments = {key: value for key, value in about.items() if key != "type"}
    if set(arguments) - {"low", "high", "log", "step"} or {"low", "high"} - set(arguments):
        raise wrong("needs 'low' and 'high', and may have 'log' and 'step'")
    numbers = [value for key, value in arguments.items() if key != "log"]
    if not all(isinstance(number, _NUMBERS[kind]) for number in numbers):
        raise wrong(f"must have numbers of type '{kind}'")
    if arguments.get("step", 1) <= 0:
        raise wrong("must have a 'step' above 0")
    if arguments["low"] > arguments["high"]:
        raise wrong("must have a 'low' that is not above 'high'")
    if arguments.get("log") and ("step" in arguments or arguments["low"] <= 0):
        raise wrong("with 'log' must have a 'low' above 0 and no 'step'")
    return Setting(kind, arguments)


def _label(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
