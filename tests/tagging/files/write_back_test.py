"""Copies of files with tags."""

import json

import pytest

from bilstm_tagger.tagging.files.write_back import write_back

pyarrow = pytest.importorskip("pyarrow")
pytest.importorskip("pyarrow.ipc")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.mark.parametrize("cells", [["A"], [[0, 1, "A"]]])
def test_parquet_whose_first_rows_have_no_tokens(tmp_path, cells):
    source, output, tagged = tmp_path / "in", str(tmp_path / "out"), tmp_path / "tagged"
    table = pyarrow.table({"tokens": [[], [], ["a"]], "ner": [[], [], ["X"]]})
    source.mkdir()
    (source / "state.json").write_text('{"_data_files": [{"filename": "data.arrow"}]}')
    with pyarrow.ipc.new_stream(source / "data.arrow", table.schema) as stream:
        stream.write_table(table, max_chunksize=1)
    rows = [{}, {"ner": []}, {"ner": cells}]
    tagged.write_text("".join(json.dumps({"annotations": row}) + "\n" for row in rows))
    write_back("parquet", str(source), tagged, output)
    written = parquet.read_table(output)
    assert written.column_names == ["tokens", "ner", "ner_predicted"]
    wanted = [{"start": 0, "end": 1, "label": "A"}] if cells != ["A"] else cells
    assert written["ner_predicted"].to_pylist() == [None, [], wanted]
