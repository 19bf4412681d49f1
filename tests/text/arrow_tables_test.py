"""Parquet, and data sets of Hugging Face on disk."""

import json

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import ipc, parquet

from bilstm_tagger.text.errors import DataFormatError
from bilstm_tagger.text.object_files import read_items

LAYOUT = {
    "form": "parquet",
    "columns": {"tokens": "tokens", "ner": "ner"},
    "tasks": {"ner": {"encoding": "BIO"}},
}
LABELS = {"_type": "ClassLabel", "names": ["O", "B-X", "I-X"]}
TABLE = {"tokens": [["Mina", "Orlo", "left"], ["No", "one"]], "ner": [[1, 2, 0], [0, 0]]}
NAMED = [["B-X", "I-X", "O"], ["O", "O"]]


@pytest.fixture
def save(tmp_path):
    def save(table, name="data.parquet"):
        parquet.write_table(pyarrow.table(table), tmp_path / name)
        return tmp_path / name

    return save


@pytest.fixture
def save_to_disk(tmp_path):
    """As `save_to_disk` of `datasets`: Arrow streams, and a file that names them."""

    def save_to_disk(table, metadata, name="set", shards=1):
        folder = tmp_path / name
        folder.mkdir()
        table = pyarrow.table(table)
        schema = table.schema.with_metadata({b"huggingface": metadata})
        files = []
        for shard in range(shards):
            rows = table.slice(shard * len(table) // shards, len(table) // shards)
            files.append({"filename": f"data-{shard:05d}-of-{shards:05d}.arrow"})
            with ipc.new_stream(folder / files[-1]["filename"], schema) as stream:
                stream.write_table(rows.cast(schema))
        (folder / "state.json").write_text(json.dumps({"_data_files": files, "_split": None}))
        (folder / "dataset_info.json").write_text("{}")
        return folder

    return save_to_disk


def features(ner):
    text = {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"}
    return json.dumps({"info": {"features": {"tokens": text, "ner": ner}}}).encode()


def tags(sentences):
    return [sentence.columns["ner"] for sentence in sentences]


class TestParquet:
    def test_tokens_and_tags(self, save, read):
        sentences = read(save({**TABLE, "ner": NAMED}), **LAYOUT)
        assert [sentence.tokens for sentence in sentences] == TABLE["tokens"]
        assert tags(sentences) == NAMED

    def test_text_and_spans(self, save, read):
        path = save({"text": ["Mina left."], "ner": [[{"start": 0, "end": 4, "label": "X"}]]})
        columns = {"tokens": "text", "ner": "ner"}
        assert tags(read(path, **{**LAYOUT, "columns": columns})) == [["B-X", "O", "O"]]

    def test_rows_without_tokens(self, save, read):
        path = save({"tokens": [["a"], [], ["b"]], "ner": [["O"], [], ["B-X"]]})
        assert tags(read(path, **LAYOUT)) == [["O"], ["B-X"]]

    def test_integers_without_names(self, save, read):
        path = save(TABLE)
        with pytest.raises(DataFormatError, match=f"^{path}: row 1: 'ner' has 1 in place of a tag"):
            read(path, **LAYOUT)

    @pytest.mark.parametrize(
        ("table", "row"),
        [
            ({"tokens": [["a"], None], "ner": [["O"], None]}, 2),
            ({"tokens": [["a", None]], "ner": [["O", "O"]]}, 1),
            ({"tokens": [["a"]], "ner": [["O", "O"]]}, 1),
            ({"tokens": [["a"]], "ner": [[None]]}, 1),
            ({"tokens": [[1]], "ner": [["O"]]}, 1),
        ],
    )
    def test_rows_that_are_wrong(self, save, read, table, row):
        path = save(table)
        with pytest.raises(DataFormatError, match=f"^{path}: row {row}: "):
            read(path, **LAYOUT)

    DAMAGE = {
        "empty": lambda content: b"",
        "cut": lambda content: content[:100],
        "the end alone": lambda content: content[-100:],
        "marks alone": lambda content: b"PAR1PAR1",
        "in the middle": lambda content: content[:20] + b"\xff" * 30 + content[50:],
    }

    @pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
    def test_damaged(self, save, read, damage):
        path = save(TABLE)
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(DataFormatError, match=f"^{path}: expected a Parquet file"):
            read(path, **LAYOUT)

    @pytest.mark.parametrize("about", [{"ner": [LABELS | {"names": 5}]}, {"none": [LABELS]}, [1]])
    def test_metadata_that_fits_nothing(self, save, read, about):
        """Integers stay integers."""
        metadata = {b"huggingface": json.dumps({"info": {"features": about}}).encode()}
        path = save(pyarrow.table(TABLE).replace_schema_metadata(metadata))
        with pytest.raises(DataFormatError, match="'ner' has 1 in place of a tag"):
            read(path, **LAYOUT)

    def test_no_rows(self, save, read):
        path = save({"tokens": pyarrow.array([], pyarrow.list_(pyarrow.string()))})
        with pytest.raises(DataFormatError, match="expected annotated text, found none"):
            read(path, **LAYOUT)

    def test_no_file(self, tmp_path, read):
        with pytest.raises(DataFormatError, match="there is no such file or folder"):
            read(tmp_path / "none", **LAYOUT)
        with pytest.raises(DataFormatError, match="the folder of a Hugging Face data set"):
            read(tmp_path, **LAYOUT)


class TestDataSets:
    @pytest.mark.parametrize(
        "feature",
        [
            {"feature": LABELS, "_type": "Sequence"},
            {"feature": LABELS, "length": -1, "_type": "List"},
            [LABELS],
        ],
    )
    @pytest.mark.parametrize("shards", [1, 2])
    def test_names_of_labels(self, save_to_disk, read, feature, shards):
        path = save_to_disk(TABLE, features(feature), shards=shards)
        assert tags(read(path, **LAYOUT)) == NAMED

    @pytest.mark.parametrize("metadata", [b"{", b"[]", b'{"info": null}', features(LABELS)])
    def test_without_names(self, save_to_disk, read, metadata):
        path = save_to_disk(TABLE, metadata)
        with pytest.raises(DataFormatError, match="row 1: 'ner' has 1 in place of a tag; set"):
            read(path, **LAYOUT)
        tasks = {"ner": {"encoding": "BIO", "labels": LABELS["names"]}}
        assert tags(read(path, **{**LAYOUT, "tasks": tasks})) == NAMED

    @pytest.mark.parametrize("wrong", [[7], [-1], [None], None])
    def test_numbers_of_no_label(self, save_to_disk, read, wrong):
        table = {"tokens": [["a"], ["b"]], "ner": [[1], wrong]}
        path = save_to_disk(table, features([LABELS]))
        with pytest.raises(DataFormatError, match="row 2: "):
            read(path, **LAYOUT)

    def test_splits(self, save_to_disk, write, read, tmp_path):
        save_to_disk(TABLE, features([LABELS]), "train")
        write('{"splits": ["train", "test"]}', "dataset_dict.json")
        with pytest.raises(DataFormatError, match=f"splits .'train', 'test'.*{tmp_path}/train"):
            read(tmp_path, **LAYOUT)
        assert tags(read(tmp_path / "train", **LAYOUT)) == NAMED

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("state.json", "{"),
            ("state.json", "[]"),
            ("state.json", "{}"),
            ("state.json", '{"_data_files": [{"filename": "none.arrow"}]}'),
            ("data-00000-of-00001.arrow", ""),
            ("data-00000-of-00001.arrow", "abc" * 100),
            ("dataset_dict.json", "{"),
            ("dataset_dict.json", '{"splits": []}'),
        ],
    )
    def test_damaged(self, save_to_disk, read, name, content):
        path = save_to_disk(TABLE, features([LABELS]))
        (path / name).write_text(content)
        with pytest.raises(DataFormatError, match=f"^{path}: expected a Parquet file, or"):
            read(path, **LAYOUT)


ROWS = st.lists(st.tuples(st.text(min_size=1, max_size=5), st.sampled_from(["O", "B-X"])))


@given(st.lists(ROWS, min_size=1, max_size=5))
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_written_and_read_again(save, read, rows):
    table = {
        "tokens": pyarrow.array([[token for token, _ in row] for row in rows],
                                pyarrow.list_(pyarrow.string())),
        "ner": pyarrow.array([[tag for _, tag in row] for row in rows],
                             pyarrow.list_(pyarrow.string())),
    }  # fmt: skip
    path = save(table)
    assert [item.value["tokens"] for item in read_items(path, "parquet")] \
        == table["tokens"].to_pylist()  # fmt: skip
    if any(rows):
        sentences = read(path, **LAYOUT)
        assert [list(zip(s.tokens, s.columns["ner"], strict=True)) for s in sentences] == [
            row for row in rows if row
        ]
