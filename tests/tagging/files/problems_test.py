"""Records that cannot be tagged."""

import io
import json

import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model

from bilstm_tagger.plugin.tagging import tagger_of
from bilstm_tagger.tagging import Tagger, TokenizedSentence
from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.tagging.files.column_input import ColumnInput
from bilstm_tagger.text.column_format import ColumnFormat
from bilstm_tagger.text.errors import DataFormatError, UserError


class TestProblems:
    """A bad record among good ones: either an error that names it, or passed through."""

    LINES = [
        ("text", b"\xff bad", "expected UTF-8, found the byte 0xff at position 1"),
        ("json", b'{"tokens": ["a"], "tokens": ["b"]}', "the key 'tokens' twice"),
        ("json", b"We left.", "expected a JSON object, found 'We left.'"),
        ("json", b"[" * 100_000, "expected a JSON object, found '\\[\\["),
        ("json", b'{"n": ' + b"1" * 5_000 + b"}", "expected a JSON object, found"),
        ("json", b"[", "expected an object a line, found a list"),
        ("json", b'[{"tokens": ["a"]}]', "expected an object a line, found a list"),
        ("json", b"{}", "with either 'sentence'"),
        ("json", b'{"tokens": ["a", ""]}', "expected a list of tokens of some text"),
        ("json", b'{"sentence": "a\\ud800b"}', "an unpaired surrogate.*at position 2"),
    ]

    @pytest.mark.parametrize(("form", "line", "message"), LINES)
    def test_of_a_line(self, tag, form, line, message):
        good = b'{"tokens": ["We"]}' if form == "json" else b"We"
        data = b"\n".join((good, line, good))
        with pytest.raises(DataFormatError, match=f"^IN:2: .*{message}"):
            tag(data, form)
        result = tag(data, form, skip=True)
        first, bad, last = map(json.loads, result.output.splitlines())
        assert first == last
        assert first["sentences"][0]["tokens"] == ["We"]
        (skipped,) = result.skipped
        assert (skipped.line, bad["line"]) == (2, 2)
        assert bad["error"] == skipped.problem
        # Every byte of it.
        assert bad["input"].encode("utf-8", "surrogateescape") == line
        assert (result.sentences, result.tokens) == (2, 2)
        columns = tag(data, form, "conll", skip=True).output
        sentence = tag(good, form, "conll").output
        assert columns == sentence + line + b"\n\n" + sentence

    SENTENCES = [
        ("conll", b"a X\nb\n", 5, "expected 2 columns as in line 4, found 1: 'b'"),
        ("conll", b"a X\n\xffb X\n", 5, "expected UTF-8"),
        ("conllu", b"# c\n1\n2\tb\n", 5, "expected at least 2 columns separated by '\\\\t'"),
        ("conllu", b"1\ta\n2\t\n", 5, "expected something in column 'tokens'"),
    ]

    @pytest.mark.parametrize(("form", "bad", "line", "message"), SENTENCES)
    def test_of_a_sentence(self, tag, form, bad, line, message):
        good = b"1\tWe\n2\tleft\n"
        data = b"\n".join((good, bad, good))
        with pytest.raises(DataFormatError, match=f"^IN:{line}: {message}"):
            tag(data, form)
        result = tag(data, form, "conll", skip=True)
        tagged = tag(good, form, "conll").output
        assert result.output == b"\n".join((tagged, bad, tagged))
        assert [each.line for each in result.skipped] == [line]
        (_, passed, _) = map(json.loads, tag(data, form, skip=True).output.splitlines())
        assert passed["input"].encode("utf-8", "surrogateescape") == bad.rstrip(b"\n")

    @pytest.mark.parametrize("wanted", ["conll", "conllu"])
    @pytest.mark.parametrize(
        ("token", "message"),
        [
            ("a\\tb", "'a.tb' holds a tab or line end"),
            ("a\\n", "'a.n' holds a tab or line end"),
            ("a\\ud800", "'a.ud800' holds an unpaired surrogate"),
        ],
    )
    def test_a_token_that_columns_cannot_hold(self, tag, wanted, token, message):
        line = f'{{"tokens": ["We", "{token}"]}}'
        with pytest.raises(DataFormatError, match=f"^IN:1: the token {message}.*; choose JSON"):
            tag(line, "json", wanted)
        assert tag(line, "json", wanted, skip=True).output.decode() == f"{line}\n\n"

    def test_unpaired_surrogate_comes_out_as_it_came_in(self, tag):
        output = tag(b'{"tokens": ["a\\ud800", "\\ud83d\\ude00"]}', "json").output
        assert output.startswith(b'{"sentences": [{"tokens": ["a\\ud800", "\xf0\x9f\x98\x80"]')
        assert json.loads(output)["sentences"][0]["tokens"] == ["a\ud800", "😀"]

    def test_divider_in_a_sentence(self):
        layout = ColumnFormat({"tokens": 0}, document_dividers=True)
        lines = io.BytesIO(b"-DOCSTART-\n\nWe\n-DOCSTART-\n\nIt\n").readlines()
        first, second = ColumnInput(layout).records(Block(0, 1, lines))
        assert first.problem.line == 4
        assert "expected a blank line before -DOCSTART-" in first.problem.problem
        assert second.sentences == [TokenizedSentence(["It"])]
        assert first.source + second.source == lines


class TestFeatures:
    """A model that sees the part of speech of every token."""

    @pytest.fixture
    def tagger(self) -> Tagger:
        reader = DatasetReader.from_params(
            Params(
                {
                    "type": "conll_columns",
                    "columns": {"tokens": 0, "pos": 1, "chunk": 2},
                    "tasks": {"chunk": {"encoding": "BIO"}},
                    "token_indexers": {"pos": {"type": "column", "column": "pos"}},
                }
            )
        )
        instances = list(reader.read("fixtures/corpus/dev.conll"))
        for instance in instances:
            reader.apply_token_indexers(instance)
        embedder = {"type": "embedding", "vocab_namespace": "pos", "embedding_dim": 4}
        config = {
            "type": "bilstm_tagger",
            "text_field_embedder": {"token_embedders": {"pos": embedder}},
            "encoder": {"hidden_sizes": [4]},
            "tasks": {"chunk": {"type": "softmax", "encoding": "BIO"}},
        }
        vocabulary = Vocabulary.from_instances(instances)
        return tagger_of(Model.from_params(Params(config), vocab=vocabulary), reader)

    def test_columns(self, tag, objects):
        result = tag(b"We PRON\nleft VERB\n\nIt\n", "conll", "conll", skip=True)
        lines = result.output.split(b"\n")
        assert lines[0].startswith(b"We PRON ")
        assert lines[1].startswith(b"left VERB ")
        assert lines[2:] == [b"", b"It", b""]
        assert [each.line for each in result.skipped] == [4]
        records = [{"tokens": ["We", "left"], "pos": ["PRON", "VERB"]}]
        assert objects(json.dumps(records[0]), "json") == objects(b"We PRON\nleft VERB\n", "conll")

    @pytest.mark.parametrize("features", ["", ', "pos": ["PRON", "VERB"]', ', "pos": "PRON"'])
    def test_missing_in_json(self, tag, features):
        data = f'{{"tokens": ["We"]{features}}}\n{{"tokens": ["It"], "pos": ["PRON"]}}\n'
        with pytest.raises(DataFormatError, match="^IN:1: .*pos'"):
            tag(data, "json")
        result = tag(data, "json", skip=True)
        assert (result.sentences, [each.line for each in result.skipped]) == (1, [1])

    @pytest.mark.parametrize("form", ["text", "sentences", "tokens"])
    def test_text_has_none(self, tag, form):
        with pytest.raises(UserError, match=f"'pos'.*--input-format {form} has not"):
            tag(b"We left.", form)

    def test_their_place_in_conllu_is_not_known(self, tag):
        with pytest.raises(UserError, match="'pos'.*say where they are, as in --layout"):
            tag(b"1\tWe\n", "conllu")


def test_a_warning_names_the_line(caplog):
    lines = [b"Wort;Etikett\n", b"Ada;PER\n", b"sang;O\n", b".;O\n"]
    ColumnInput(ColumnFormat({"tokens": 0})).records(Block(0, 1, lines))
    assert [record.getMessage()[:24] for record in caplog.records] == ["input:1: the tokens look"]
