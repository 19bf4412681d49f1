import pytest
from allennlp.common.checks import ConfigurationError


def test_in_json(predictor):
    plain = predictor("json_to_json").predict("We left.")
    rich = predictor("json_to_json", probabilities="all", top_k=2).predict("We left.")
    (before,), (sentence,) = plain["sentences"], rich["sentences"]
    assert sentence["tags"] == before["tags"]
    for task, tags in sentence["tags"].items():
        chances = zip(
            tags, sentence["probabilities"][task], sentence["distributions"][task], strict=True
        )
        assert all(every[tag] == one for tag, one, every in chances)
        assert sentence["alternatives"][task][0]["tags"] == tags
        assert len(sentence["alternatives"][task]) == 2
    assert all(0 < span["probability"] <= 1 for span in sentence["spans"]["chunk"])
    assert not before.keys() & {"probabilities", "distributions", "alternatives"}


@pytest.mark.parametrize("wanted", [{"probabilities": True}, {"top_k": 2}])
def test_columns_have_no_place_for_them(predictor, wanted):
    with pytest.raises(ConfigurationError, match="columns have no place"):
        predictor("json_to_conll", **wanted)


@pytest.mark.parametrize("wanted", [{"probabilities": "some"}, {"top_k": -1}])
def test_what_is_none(predictor, wanted):
    with pytest.raises(ConfigurationError, match="must be"):
        predictor("json_to_json", **wanted)


def test_constraints_can_be_switched_off(predictor):
    assert predictor("json_to_json")._tagger.constrained is None
    assert predictor("json_to_json", constrained=False)._tagger.constrained is False
