"""The file of out-of-fold predictions."""

import pytest

from bilstm_tagger.experiments.out_of_fold import (
    OutOfFoldSentence,
    OutOfFoldTask,
    read_out_of_fold,
    write_out_of_fold,
)
from bilstm_tagger.text.errors import DataFormatError

SENTENCES = [
    OutOfFoldSentence(
        "train.conll",
        1,
        2,
        ["Ann", "\u2028sang"],
        {
            "ner": OutOfFoldTask(
                ["B-PER", "O"],
                ["B-ORG", "O"],
                [[("B-ORG", 0.7), ("B-PER", 0.3)], [("O", 1.0)]],
                [(0, 0, "ORG", 0.7), (0, 0, "PER", 0.3)],
                "BIO",
            ),
            "pos": OutOfFoldTask(["PN", "V"], ["PN", "V"], [[("PN", 1.0)], [("V", 1.0)]]),
        },
        lines=[4, 5],
    ),
    OutOfFoldSentence("train.json", 2, 1, ["Yes"], {}, dataset="news"),
]


def test_sentences_come_back(tmp_path):
    path = tmp_path / "predictions.jsonl"
    write_out_of_fold(path, SENTENCES)
    assert list(read_out_of_fold(path)) == SENTENCES
    assert [sentence.place for sentence in SENTENCES] == ["train.conll:4", "train.json, sentence 2"]
    assert [sentence.place_of(1) for sentence in SENTENCES[:1]] == ["train.conll:5"]


@pytest.mark.parametrize("line", ['{"file": "a"}', "[]", "no JSON"])
def test_another_line_is_named(tmp_path, line):
    path = tmp_path / "predictions.jsonl"
    write_out_of_fold(path, SENTENCES[:1])
    with path.open("a") as stream:
        stream.write(line + "\n")
    with pytest.raises(DataFormatError, match=r"predictions\.jsonl.*2.*crossval"):
        list(read_out_of_fold(path))
