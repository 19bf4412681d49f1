from bilstm_tagger import Tagger
from bilstm_tagger.text.spacy_rules import rules_of


def test_rules_of_a_language(allennlp, quickstart_archive, tmp_path):
    output = tmp_path / "model.safetensors"
    allennlp("export", quickstart_archive, "-o", output)
    assert Tagger.load(output).specification.tokenizer is None
    allennlp("export", quickstart_archive, "-o", output, "--language", "de")
    tagger = Tagger.load(output)
    assert tagger.specification.tokenizer == rules_of("de")
    assert tagger.split("Er kam z.B. mit.")[0].tokens == ["Er", "kam", "z.B.", "mit", "."]


def test_a_language_without_rules_is_an_error(error_of, quickstart_archive, tmp_path):
    output = tmp_path / "model.safetensors"
    for language, problem in (("zh", "is a program, not rules"), ("qq", "spaCy cannot split text")):
        error = error_of("export", quickstart_archive, "-o", output, "--language", language)
        assert problem in error
    assert not output.exists()
