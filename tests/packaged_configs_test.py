from pathlib import Path

import pytest

from bilstm_tagger.command_line import main

CONFIGS = Path("training_config")


def test_configs_are_listed_in_a_line_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    main(["configs"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(list(CONFIGS.rglob("*.jsonnet")))
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("quickstart  ") for line in lines)
    assert any("Lample et al. 2016, " in line for line in lines)


@pytest.mark.parametrize("name", ["papers/lample2016", "papers/lample2016.jsonnet"])
def test_a_config_is_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["configs", name])
    assert capsys.readouterr().out == (CONFIGS / "papers/lample2016.jsonnet").read_text()


def test_all_files_are_copied(tmp_path: Path) -> None:
    main(["configs", "--copy", str(tmp_path / "copy")])

    def contents(folder: Path) -> dict[str, str]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_text() for path in files}

    assert contents(tmp_path / "copy") == contents(CONFIGS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["quickest"], "error: There is no config quickest. The configs are conll2000_chunking, "),
        (["../setup"], "error: There is no config ../setup. "),
        (["--copy", "fixtures"], "error: fixtures: exists already; name a new folder"),
        (["--copy", "LICENSE/copy"], "error: LICENSE/copy: cannot be written: "),
    ],
)
def test_errors_are_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["configs", *arguments])
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
