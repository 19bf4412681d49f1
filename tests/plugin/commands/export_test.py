from bilstm_tagger import __version__
from bilstm_tagger.tagging.model_file import read_model


def test_what_the_file_says_of_the_model(allennlp, quickstart_archive, tmp_path):
    output = tmp_path / "model.safetensors"
    about = ["--about", "name=english", "--about", "description=Tags = parts of speech"]
    allennlp("export", quickstart_archive, "-o", output, *about)
    assert read_model(output)[0].about == {
        "name": "english",
        "description": "Tags = parts of speech",
        "made by": f"bilstm_tagger {__version__}",
        "trained with": "AllenNLP 2.10.1",
    }


def test_an_unknown_key_is_refused_before_the_work(error_of, tmp_path):
    line = error_of("export", tmp_path / "none.tar.gz", "--about", "licens=MIT")
    assert line.startswith("error: 'licens=MIT': expected KEY=VALUE, each key once")
    assert "licence" in line
