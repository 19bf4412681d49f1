import msgspec
import pytest

from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import DataFormatError, UserError
from bilstm_tagger.text.recognised_tasks import (
    RecognisedTask,
    decode_recognised,
    encode_recognised,
    open_tasks,
    recognise_tasks,
    with_recognised,
)
from bilstm_tagger.text.tag_spelling import TagSpelling


def layout(**task):
    tasks = {"ner": {"encoding": "auto", "model_encoding": "IOBES", **task}, "pos": {}}
    columns = {"tokens": 0, "pos": 1, "ner": 2}
    return msgspec.convert({"columns": columns, "tasks": tasks}, DatasetLayout)


@pytest.fixture
def write(tmp_path):
    def write_file(tags: str) -> str:
        path = tmp_path / "train.conll"
        path.write_text("".join(f"w{n} X {tag}\n" for n, tag in enumerate(tags.split())))
        return str(path)

    return write_file


@pytest.mark.parametrize(
    "tags, encoding, spelling, learnt",
    [
        ("B_A I_A O", "BIO", TagSpelling("_"), ["B-A", "E-A", "O"]),
        ("A A O", "IO", TagSpelling(prefix="none"), ["B-A", "E-A", "O"]),
        ("o b-a", "BIO", TagSpelling(lower_case=True, outside="o"), ["O", "S-a"]),
        ("B-A M-A E-A S-B", "BMES", TagSpelling(), ["B-A", "I-A", "E-A", "S-B"]),
    ],
)
def test_recognised_and_kept(write, tags, encoding, spelling, learnt):
    path = write(tags)
    assert open_tasks(layout()) == ["ner"]
    (task,) = recognise_tasks(path, "news", layout())
    assert task == RecognisedTask("news", "ner", encoding, spelling)
    assert decode_recognised([encode_recognised(task)]) == [task]
    resolved = with_recognised({"news": layout()}, [task])["news"]
    assert not open_tasks(resolved)
    assert resolved.tasks["ner"].model_encoding == "IOBES"
    from bilstm_tagger.text.read_dataset import read_dataset

    (sentence,) = read_dataset(path, resolved)
    assert resolved.labels(sentence) == ({"ner": learnt, "pos": ["X"] * len(learnt)}, False)


def test_said_in_one_line(write):
    (task,) = recognise_tasks(write("B_A O"), "", layout())
    assert str(task) == "the tags of task 'ner' are BIO, spelled {separator: '_'}"


def test_what_was_not_recognised_is_written_as_it_is_learnt():
    resolved = with_recognised({"": layout()}, [])[""]
    assert resolved.tasks["ner"].encoding == "IOBES"


def test_plain_labels(write):
    with pytest.raises(DataFormatError, match=r"'ner' mark no spans, as in \['NN', 'VB'\]"):
        recognise_tasks(write("NN VB"), "", layout())


@pytest.mark.parametrize("task", [{"model_encoding": None}, {"spelling": {"separator": "_"}}])
def test_settings_that_do_not_go_together(task):
    with pytest.raises((UserError, msgspec.ValidationError), match="'auto' needs 'model_encoding'"):
        layout(**task)
