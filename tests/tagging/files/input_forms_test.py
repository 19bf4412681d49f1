"""Inputs of a form that their content decides."""

import json

import pytest

from bilstm_tagger.tagging.files.input_forms import open_input


@pytest.mark.parametrize("form", [None, "json"])
@pytest.mark.parametrize("indent", [None, 2])
def test_list_in_json(tmp_path, form, indent):
    objects = [{"text": "We left."}, {"text": "It rained.", "id": 2}]
    path = tmp_path / "project.json"
    path.write_text(json.dumps(objects, indent=indent))
    with open_input(str(path), form) as opened:
        assert opened.form == "json"
        (block,) = opened.input.blocks()
    assert list(map(json.loads, block.lines)) == objects
