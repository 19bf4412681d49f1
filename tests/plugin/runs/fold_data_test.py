import pytest

from bilstm_tagger.plugin.runs.fold_data import Source, check_data
from bilstm_tagger.text.errors import UserError


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    for name in ("a.txt", "a.ann", "b.txt", "state.json"):
        (path / name).write_text(name)
    return path


@pytest.fixture
def check(tmp_path):
    """Compares a source with what it was when the run was begun."""

    def check(source):
        run = tmp_path / "runs" / "fold-1" / "seed-1"
        check_data(run.parent.parent, [source])
        run.mkdir(parents=True, exist_ok=True)

    return check


@pytest.mark.parametrize(
    ("form", "which", "changed", "is_other"),
    [
        ("brat", "", "a.txt", True),
        ("brat", "", "a.ann", True),
        ("brat", "", "b.ann", True),  # a new one
        ("brat", "", "state.json", False),
        ("brat", "a.txt", "a.ann", True),
        ("brat", "a.ann", "a.txt", True),
        ("brat", "a.txt", "b.txt", False),
        ("parquet", "", "state.json", True),
        ("parquet", "", "cache-1.arrow", False),
        ("parquet", "", ".DS_Store", False),
        ("columns", "a.txt", "a.txt", True),
        ("columns", "a.txt", "a.ann", False),
    ],
)
def test_a_file_that_changes(data, check, form, which, changed, is_other):
    name = "/".join(filter(None, ("named", which)))
    source = Source(name, str(data / which), form)
    check(source)
    (data / changed).write_text("other")
    if is_other:
        with pytest.raises(UserError, match=f"were made: named/{changed} has changed; remove"):
            check(source)
    else:
        check(source)


def test_a_file_that_is_removed(data, check):
    source = Source("named", str(data), "brat")
    check(source)
    (data / "a.ann").unlink()
    with pytest.raises(UserError, match=r"named/a\.ann has changed"):
        check(source)
