import importlib
import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
# The scripts are no package.
sys.path.insert(0, str(SCRIPTS))
script = importlib.import_module("continued_training")
sys.path.remove(str(SCRIPTS))


def test_a_sample_is_drawn_once_by_its_number(tmp_path):
    sections = [tmp_path / "a.conll", tmp_path / "b.conll"]
    for section in sections:
        text = "".join(f"{section.stem}{number}\tO\n\n" for number in range(150))
        section.write_text(text, encoding="utf-8")
    paths = script.write_sample(sections, tmp_path, 1)
    assert [*paths] == ["train_data_path", "validation_data_path"]
    first = {key: Path(path).read_text(encoding="utf-8") for key, path in paths.items()}
    sentences = [text.strip().split("\n\n") for text in first.values()]
    assert [*map(len, sentences)] == [160, 40]
    assert len({*sentences[0], *sentences[1]}) == 200
    script.write_sample(sections, tmp_path, 1)
    assert {key: Path(path).read_text(encoding="utf-8") for key, path in paths.items()} == first
    other = script.write_sample(sections, tmp_path, 2)
    assert Path(other["train_data_path"]).read_text(encoding="utf-8") != first["train_data_path"]
