import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from bilstm_tagger.text.raw_text import RawSentence

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
# The scripts are no package.
sys.path.insert(0, str(SCRIPTS))
script = importlib.import_module("sentence_splitting")
sys.path.remove(str(SCRIPTS))

SENTENCES = [
    "# newdoc id = a\n# newpar\n# text = It rained .\n1\tIt\n3\t.\t_\tSpaceAfter=No\n",
    "# text = We went\n2\twent\t_\t_\n",
    "# newpar\n# text = Home\n1\tHome\t_\tSpaceAfter=No\n",
    "# newdoc id = b\n# text = Yes.\n1\tYes\t_\tSpaceAfter=No\n2\t.\t_\t_\n",
]


def test_documents(tmp_path):
    path = tmp_path / "a.conllu"
    path.write_text("\n".join(SENTENCES))
    assert list(script.read_documents(path)) == [
        script.Document("It rained .We went\n\nHome", [(0, 11), (11, 18), (20, 24)]),
        script.Document("Yes.", [(0, 4)]),
    ]


def test_scores():
    documents = [script.Document("abcd", [(0, 1), (1, 3), (3, 4)]), script.Document("e", [(0, 1)])]
    split = {"abcd": [(0, 1), (1, 2), (2, 4)], "e": [(0, 1)]}
    scores = script.score(documents, lambda text: [RawSentence([], [each]) for each in split[text]])
    assert scores["sentences"] == pytest.approx((2 / 4, 2 / 4, 2 / 4))
    assert scores["ends"] == pytest.approx((3 / 4, 3 / 4, 3 / 4))


def test_command(tmp_path):
    path = tmp_path / "a.conllu"
    path.write_text("\n".join(SENTENCES))
    for options in ([], ["--model", "fixtures/models/quickstart_0.1.0.tar.gz"]):
        output = subprocess.check_output(
            [sys.executable, script.__file__, path, *options], text=True
        )
        assert "2 documents, 4 sentences\n  sentences: precision 50.00, recall 25.00" in output
