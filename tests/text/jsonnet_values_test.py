import json

import pytest
from allennlp.common.params import evaluate_snippet
from hypothesis import given, settings
from hypothesis import strategies as some

from bilstm_tagger.text.jsonnet_values import jsonnet_value

values = some.recursive(
    some.none() | some.booleans() | some.integers(-999, 999) | some.text(max_size=40),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
)


@given(values)
@settings(deadline=None)
def test_jsonnet_reads_the_same(value):
    assert json.loads(evaluate_snippet("value", jsonnet_value(value))) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"type": "x", "a b": [1, None]}, "{ type: 'x', 'a b': [1, null] }"),
        ({"self": {}, "in": []}, "{ 'self': {}, 'in': [] }"),
        ("it's\t", '"it\'s\\t"'),
        ({"a": "x" * 76}, "{\n  a: '" + "x" * 76 + "',\n}"),
    ],
)
def test_form(value, text):
    assert jsonnet_value(value) == text
