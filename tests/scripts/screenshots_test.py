import importlib
import re
import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
screenshots = importlib.import_module("screenshots")
sys.path.remove(str(ROOT / "scripts"))


def colours(path):
    """The size of a picture, and the number of its colours."""
    with Image.open(path) as picture:
        return picture.size, len(picture.getcolors(10**6))


def test_pictures_in_the_documents_are_those_of_the_script():
    pictures = {path.stem for path in (ROOT / screenshots.IMAGES).glob("*.png")}
    assert pictures == {*screenshots.PAGES}
    shown = {}
    for path in (ROOT / "docs").glob("*.md"):
        shown |= {
            name: text
            for text, name in re.findall(r"!\[([^]]*)\]\(images/(\w+)\.png\)", path.read_text())
        }
    assert {*shown} == pictures
    # What a picture shows is said for those who cannot see it.
    assert all(len(text.split()) > 8 for text in shown.values())
    for name in pictures:
        path = ROOT / screenshots.IMAGES / f"{name}.png"
        (width, height), _ = colours(path)
        assert (width, height) == (screenshots.WIDTH, screenshots.HEIGHTS[name])
        assert path.stat().st_size <= screenshots.MAX_SIZE


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_the_same_page_gives_the_same_picture(quickstart_archive, tmp_path, monkeypatch):
    training = quickstart_archive.parent
    curves = screenshots.curves_page

    def of_training(folder):
        return curves(folder, training)

    monkeypatch.setitem(screenshots.PAGES, "curves", of_training)
    for folder in ("first", "second"):
        screenshots.main(["curves"], tmp_path / folder)
    first, second = (tmp_path / folder / "curves.png" for folder in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    size, number = colours(first)
    assert size == (screenshots.WIDTH, screenshots.HEIGHTS["curves"]) and number > 20


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_the_error_page_and_the_distribution(tmp_path, monkeypatch):
    screenshots.main(["errors", "distribution"], tmp_path)
    assert all(colours(path)[1] > 20 for path in tmp_path.glob("*.png"))
    monkeypatch.setattr(screenshots, "MAX_SIZE", 1_000)
    with pytest.raises(ValueError, match="errors.png has .* bytes, more than 1,000"):
        screenshots.main(["errors"], tmp_path)
