import re
from pathlib import Path

import msgspec
import pytest
import spacy
from spacy import displacy
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span, Token

from bilstm_tagger.tagging import Tagger
from bilstm_tagger.tagging.archives.model import read_archive
from bilstm_tagger.tagging.model_file import write_model
from bilstm_tagger.text.dataset_layout import DatasetLayout
from bilstm_tagger.text.errors import UserError

TEXT = "Mr. Ford flew to \n London.  The court in Paris opened on Monday. It rained in Victoria!\n"


@pytest.fixture(scope="module")
def archive(train, tmp_path_factory) -> Path:
    """Parts of speech, chunks and names."""
    overrides = {
        "dataset_reader.columns.ner": 3,
        "dataset_reader.tasks.ner": {"encoding": "BIO"},
        "model.tasks.ner": {"type": "crf", "encoding": "BIO"},
        "trainer.validation_metric": "+ner_f1",
        "trainer.num_epochs": 6,
    }
    directory = tmp_path_factory.mktemp("spacy") / "model"
    return train("training_config/quickstart.jsonnet", directory, overrides)


@pytest.fixture(scope="module")
def tagger(archive) -> Tagger:
    return Tagger.load(archive)


@pytest.fixture(autouse=True)
def _extensions():
    """None left behind."""
    yield
    for kind, name in ((Doc, "bilstm_tagger"), (Span, "probability"), (Token, "tag_probabilities")):
        if kind.has_extension(name):
            kind.remove_extension(name)


def pipeline(archive: Path, **config) -> spacy.Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("bilstm_tagger", config={"model": str(archive)} | config)
    return nlp


def spans_of(spans) -> list[tuple[str, int, int]]:
    return [(span.label_, span.start_char, span.end_char) for span in spans]


def expected_spans(sentences, task: str) -> list[tuple[str, int, int]]:
    return [(each.label, each.start, each.end) for one in sentences for each in one.spans[task]]


def expected_tags(sentences, task: str) -> list[str]:
    return [tag for one in sentences for tag in one.tags[task]]


def visible(doc: Doc) -> list[Token]:
    return [token for token in doc if not token.is_space]


# What goes where


def test_says_what_the_tagger_says(archive, tagger):
    doc = pipeline(archive)(TEXT)
    sentences = tagger(TEXT)
    assert len(sentences) == 3
    assert doc._.bilstm_tagger == sentences
    assert spans_of(doc.ents) == expected_spans(sentences, "ner")
    assert len(doc.ents) >= 2
    assert spans_of(doc.spans["chunk"]) == expected_spans(sentences, "chunk")
    assert list(doc.spans) == ["chunk"]
    assert [token.pos_ for token in visible(doc)] == expected_tags(sentences, "pos")
    assert not any(token.tag_ for token in doc)


def test_text_and_tokens_stay_and_white_space_gets_no_tag(archive):
    doc = pipeline(archive)(TEXT)
    blank = spacy.blank("en")(TEXT)
    assert [token.text for token in doc] == [token.text for token in blank]
    assert doc.text == TEXT
    spaces = [token for token in doc if token.is_space]
    assert len(spaces) == 3
    assert not any(token.pos_ or token.ent_type_ for token in spaces)
    assert not doc.has_annotation("SENT_START")


def test_a_span_may_hold_white_space(archive, tagger):
    """The model does not see it, and the span has its characters."""
    text = "He works in New \n York ."
    words = text.split()
    doc = pipeline(archive, spans=["chunk"])(text)
    found = {
        (span.label_, *(token.text for token in span if not token.is_space))
        for span in doc.spans["chunk"]
    }
    assert found == {
        (each.label, *words[each.first_token : each.last_token + 1])
        for each in tagger.tag_tokens(words).spans["chunk"]
    }
    assert "New \n York" in {span.text for span in doc.spans["chunk"]}


def test_only_named_tasks(archive, tagger):
    doc = pipeline(archive, tag="pos", spans={"ner": "names", "chunk": "names"})(TEXT)
    sentences = tagger(TEXT)
    assert [token.tag_ for token in visible(doc)] == expected_tags(sentences, "pos")
    assert not any(token.pos_ for token in doc)
    assert doc.ents == ()
    # Both under one key.
    assert spans_of(doc.spans["names"]) == [
        *expected_spans(sentences, "ner"),
        *expected_spans(sentences, "chunk"),
    ]
    only = pipeline(archive, ents="chunk")(TEXT)
    assert spans_of(only.ents) == expected_spans(sentences, "chunk")
    assert set(only._.bilstm_tagger[0].tags) == {"chunk"}
    assert not only.spans


def test_default_without_names(quickstart_archive):
    doc = pipeline(quickstart_archive)(TEXT)
    assert not doc.has_annotation("ENT_IOB")
    assert len(doc.spans["chunk"]) > 0
    assert all(token.pos_ for token in visible(doc))


@pytest.fixture(scope="module")
def small(train, tmp_path_factory) -> Path:
    """A model that knows few words, and parts of speech that are not universal."""
    folder = tmp_path_factory.mktemp("small")
    lines = Path("fixtures/corpus/dev.conll").read_text().splitlines()[:60]
    lower = [re.sub(r" [A-Z]+ ", lambda tag: tag[0].lower(), line) for line in lines]
    (folder / "data.conll").write_text("\n".join(lower))
    files = ("train_data_path", "validation_data_path", "test_data_path")
    overrides = {file: str(folder / "data.conll") for file in files}
    overrides["trainer.num_epochs"] = 1
    return train("training_config/quickstart.jsonnet", folder / "model", overrides)


def test_default_for_other_parts_of_speech(small):
    doc = pipeline(small)(TEXT)
    assert all(token.tag_.islower() for token in visible(doc))
    assert not any(token.pos_ for token in doc)
    with pytest.raises(UserError, match="the tag '[a-z]+' of the task 'pos' is no univ"):
        pipeline(small, pos="pos")


@pytest.mark.parametrize(
    "options", [{"vectors": "fixtures/vectors/vectors.16d.txt"}, {"constrained": False}]
)
def test_options_of_loading(small, options):
    expected = Tagger.load(small, **options)(TEXT, probabilities=True)
    config = {"probabilities": True, **options}
    assert pipeline(small, **config)(TEXT)._.bilstm_tagger == expected
    assert Tagger.load(small)(TEXT, probabilities=True) != expected


# Sentences


def test_sentences_of_the_doc_are_kept(archive, tagger):
    nlp = pipeline(archive)
    doc = nlp.make_doc(TEXT)
    for token in doc:
        token.is_sent_start = token.i in (0, 2)
    doc = nlp(doc)
    words = [token.text for token in visible(doc)]
    sentences = [each.tokens for each in doc._.bilstm_tagger]
    assert sentences == [words[:2], words[2:]]
    assert doc._.bilstm_tagger[1].tags == tagger.tag_tokens(words[2:]).tags
    assert len(list(doc.sents)) == 2


@pytest.mark.parametrize("text", ["", " ", " \n\n\t "])
def test_nothing_to_tag(archive, text):
    nlp = pipeline(archive)
    for doc in (nlp(text), *nlp.pipe([text, text])):
        assert doc.text == text
        assert doc._.bilstm_tagger == []
        assert doc.ents == ()
        assert len(doc.spans["chunk"]) == 0


# Entities of others


@pytest.mark.parametrize("overwrite", [True, False])
def test_entities_of_earlier_components(archive, overwrite):
    assert ("Paris", "LOC") in texts_of(pipeline(archive)(TEXT).ents)
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(
        [{"label": "ACT", "pattern": "flew"}, {"label": "PLACE", "pattern": "in Paris"}]
    )
    nlp.add_pipe("bilstm_tagger", config={"model": str(archive), "overwrite_ents": overwrite})
    ents = texts_of(nlp(TEXT).ents)
    assert ("flew", "ACT") in ents
    assert (("Paris", "LOC") in ents) is overwrite
    assert (("in Paris", "PLACE") in ents) is not overwrite


def texts_of(spans) -> set[tuple[str, str]]:
    return {(span.text, span.label_) for span in spans}


# spaCy's tools


def test_displacy(archive):
    doc = pipeline(archive)(TEXT)
    html = displacy.render(doc, style="ent", jupyter=False)
    assert html.count("<mark") == len(doc.ents) > 0
    html = displacy.render(doc, style="span", jupyter=False, options={"spans_key": "chunk"})
    assert "NP" in html


def test_matcher(archive, tagger):
    nlp = pipeline(archive, pos="pos", tag="chunk")
    doc = nlp(TEXT)
    matcher = Matcher(nlp.vocab)
    matcher.add("name", [[{"POS": "PROPN"}]])
    matcher.add("phrase", [[{"TAG": "B-NP"}, {"TAG": "I-NP"}]])
    found = [(nlp.vocab.strings[name], start) for name, start, _ in matcher(doc)]
    names = [start for name, start in found if name == "name"]
    assert names == [token.i for token in doc if token.pos_ == "PROPN"] != []
    assert "phrase" in dict(found)


# Errors


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"ents": "names"}, r"the model has no task 'names'; it has \['chunk', 'ner', 'pos'\]"),
        ({"spans": ["chunk", "x"]}, "the model has no task 'x'"),
        ({"ents": "pos"}, "'ents' is for tasks that have spans, and the task 'pos' of the model"),
        ({"spans": {"pos": "sc"}}, "'spans' is for tasks that have spans"),
        (
            {"pos": "ner"},
            "the tag '.*' of the task 'ner' is no universal part of speech; use 'tag'",
        ),
        ({"batch_size": 0}, "'batch_size' must be 1 or more, found 0"),
        ({"model": None}, "'model' is missing; name it"),
        ({"model": "no/such.tar.gz"}, "no/such.tar.gz: there is no such model"),
    ],
)
def test_errors(archive, config, message):
    with pytest.raises(UserError, match=message):
        pipeline(archive, **config)


def test_a_model_that_reads_other_columns(train, tmp_path):
    indexer = {"type": "column", "column": "pos"}
    embedder = {"type": "embedding", "vocab_namespace": "pos", "embedding_dim": 3}
    overrides = {
        "dataset_reader.max_instances": 5,
        "dataset_reader.token_indexers.pos": indexer,
        "model.text_field_embedder.token_embedders.pos": embedder,
        "trainer.num_epochs": 1,
    }
    model = train("training_config/quickstart.jsonnet", tmp_path / "model", overrides)
    with pytest.raises(UserError, match=r"the model reads the columns \['pos'\]"):
        pipeline(model)


def test_universal_and_other_parts_of_speech_have_their_places(tmp_path):
    """As of the tasks `upos` and `xpos`, without options."""
    specification, before = read_archive("fixtures/models/quickstart_0.1.0.tar.gz")
    universal = specification.tasks["pos"]
    other = msgspec.structs.replace(universal, labels=[tag.lower() for tag in universal.labels])
    specification = msgspec.structs.replace(
        specification,
        tasks={"upos": universal, "xpos": other},
        datasets={"": DatasetLayout({"tokens": 0})},
    )
    tensors = {name: tensor for name, tensor in before.items() if not name.startswith("tasks.")}
    for name, tensor in before.items():
        if name.startswith("tasks.pos."):
            for task in ("upos", "xpos"):
                tensors[name.replace("pos", task, 1)] = tensor
    write_model(tmp_path / "model.safetensors", specification, tensors)
    doc = pipeline(tmp_path / "model.safetensors")("The old ferry left.")
    assert [token.tag_ for token in doc] == [token.pos_.lower() for token in doc]
    assert doc[0].pos_ == "DET"
