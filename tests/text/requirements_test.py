import pytest

from bilstm_tagger.text.requirements import missing


@pytest.mark.parametrize(
    ("package", "extra", "command"),
    [
        ("spacy", "text", "pip install 'bilstm-tagger[text]'"),
        (
            "allennlp",
            "train",
            "pip install 'bilstm-tagger[train]' && pip install --no-deps allennlp==2.10.1",
        ),
    ],
)
def test_the_error_is_one_line_with_the_command(package: str, extra: str, command: str) -> None:
    error = missing(package, extra, "Raw text")
    assert str(error) == (
        f"Raw text needs {package}, which is not installed. Install it: {command}"
    )
