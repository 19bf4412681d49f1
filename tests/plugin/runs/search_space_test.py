import pytest

from bilstm_tagger.plugin.runs.search_space import SearchSpace, config_with
from bilstm_tagger.text.errors import UserError

optuna = pytest.importorskip("optuna", reason="the extra 'search' is not installed")

SPACE = {
    "optimizer.lr": {"type": "float", "low": 0.001, "high": 0.1, "log": True},
    "size": {"type": "int", "low": 8, "high": 32, "step": 8},
    "layers": {"type": "categorical", "choices": [[100], [100, 50], "none"]},
    "encoding": {
        "type": "categorical",
        "choices": {"BIO": {"in": "BIO", "out.0": "BIO"}, "IOBES": {"in": "IOBES"}},
    },
}


def test_overrides_of_a_trial():
    trial = optuna.trial.FixedTrial(
        {"optimizer.lr": 0.01, "size": 16, "layers": "[100, 50]", "encoding": "BIO"}
    )
    assert SearchSpace(SPACE).suggest(trial) == {
        "optimizer.lr": 0.01,
        "size": 16,
        "layers": [100, 50],
        "in": "BIO",
        "out.0": "BIO",
    }


def test_proposals_keep_to_the_ranges():
    space, seen = SearchSpace(SPACE), []
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(60):
        seen.append(space.suggest(study.ask()))
    assert all(0.001 <= each["optimizer.lr"] <= 0.1 for each in seen)
    # By its logarithm: as many below 0.01 as above.
    assert 18 <= sum(each["optimizer.lr"] < 0.01 for each in seen) <= 42
    assert {each["size"] for each in seen} == {8, 16, 24, 32}
    assert {str(each["layers"]) for each in seen} == {"[100]", "[100, 50]", "none"}
    assert {each["in"] for each in seen} == {"BIO", "IOBES"}
    assert all(("out.0" in each) == (each["in"] == "BIO") for each in seen)


def test_config_with():
    config = {"a": {"b": [1, 2], "c": {"d": 3}}}
    assert config_with(config, {"a.b.1": 5, "a.c": {"e": 4}}) == {"a": {"b": [1, 5], "c": {"e": 4}}}
    assert config == {"a": {"b": [1, 2], "c": {"d": 3}}}
    with pytest.raises(UserError, match="does not fit the config.*x.y"):
        config_with(config, {"x.y": 1})


@pytest.mark.parametrize(
    "about, message",
    [
        (1, "needs a type"),
        ({"low": 1, "high": 2}, "needs a type"),
        ({"type": "number", "low": 1, "high": 2}, "needs a type"),
        ({"type": "int", "low": 1}, "needs 'low' and 'high'"),
        ({"type": "int", "low": 1, "high": 2, "base": 2}, "needs 'low' and 'high'"),
        ({"type": "int", "low": 1, "high": 2.5}, "must have numbers of type 'int'"),
        ({"type": "float", "low": 2, "high": 1}, "not above 'high'"),
        ({"type": "float", "low": 0, "high": 1, "log": True}, "'low' above 0 and no 'step'"),
        ({"type": "float", "low": 0, "high": 1, "step": -0.1}, "a 'step' above 0"),
        ({"type": "int", "low": 0, "high": 1, "step": 0}, "a 'step' above 0"),
        ({"type": "categorical", "choices": ["1", 1]}, "written alike"),
        ({"type": "categorical", "choices": []}, "needs 'choices'"),
        ({"type": "categorical", "choices": [1], "log": True}, "needs 'choices'"),
        ({"type": "categorical", "choices": "ab"}, "must have a list of choices"),
        ({"type": "categorical", "choices": {"a": 1}}, "overrides for each label"),
    ],
)
def test_wrong_settings(about, message):
    with pytest.raises(UserError, match=f"'some.key' of the space .*{message}"):
        SearchSpace({"some.key": about})


def test_an_empty_space():
    with pytest.raises(UserError, match="nothing to search"):
        SearchSpace({})
