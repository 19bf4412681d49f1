import pytest

from bilstm_tagger.tagging.commands.tables import print_table


@pytest.mark.parametrize("width", [20, 80])
def test_a_title_is_one_line_above_a_narrow_table(capsys, monkeypatch, width):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    title = "Confusions: the 1 largest of 11 [bold]"
    print_table(title, ("gold", "count"), [("VP", "5")], 1)
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert (first, second) == (title, "┏━━━━━━┳━━━━━━━┓")
