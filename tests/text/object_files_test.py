"""Files of JSON."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.object_files import read_items


def items(path):
    return [(item.value, item.line, item.name) for item in read_items(path, "json")]


def test_lines(write):
    path = write('\ufeff{"a": 1}\r\n\n \n5\n["x"]', "file.jsonl")
    assert items(path) == [({"a": 1}, 1, ""), (5, 4, ""), (["x"], 5, "")]


@pytest.mark.parametrize("start", ["", "\n \n"])
def test_list(write, start):
    path = write(start + '[\n {"a": 1},\n {"b":\n 2}\n]\n')
    wanted = [({"a": 1}, None, "object 1 of the list"), ({"b": 2}, None, "object 2 of the list")]
    assert items(path) == wanted


@pytest.mark.parametrize("line", ['{"a": 1', "{'a': 1}", "a", '{"a": 1, "a": 2}', "\0", "{" * 9999])
def test_broken_line(write, line):
    path = write(f"5\n{line}\n5\n")
    with pytest.raises(DataFormatError, match=f"{path}:2: expected a JSON object, found .*; fix"):
        items(path)


@pytest.mark.parametrize(
    "content", ["[1,\n2", "[1]\n[2]", "[" * 100_000, '{\n"a": 1\n}', f'["a", {"1" * 5_000}]']
)
def test_broken_file(write, content):
    with pytest.raises(DataFormatError, match="expected a JSON object, .*is one list of objects"):
        items(write(content))


@pytest.mark.parametrize("content", ["", "\n \n", "[]", "[\n]\n"])
def test_nothing(write, content):
    with pytest.raises(DataFormatError, match="expected annotated text, found none; check"):
        items(write(content))


def test_other_bytes(write):
    with pytest.raises(DataFormatError, match="expected UTF-8"):
        items(write(b'{"a": "\xe9"}\n'))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.text(), VALUES), min_size=1, max_size=5), st.booleans())
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_written_and_read_again(write, values, as_list):
    """Whatever JSON can hold, one a line or as a list."""
    content = json.dumps(values, indent=1) if as_list else "\n".join(map(json.dumps, values))
    assert [item.value for item in read_items(write(content), "json")] == values
