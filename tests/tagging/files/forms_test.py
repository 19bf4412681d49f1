"""Blocks of every form of input, as every form of output."""

import json
import pickle
import sys
from pathlib import Path

import pytest

from bilstm_tagger.tagging import Tagger
from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.tagging.files.input_forms import output_form_for
from bilstm_tagger.tagging.files.settings import TagSettings
from bilstm_tagger.text.errors import UserError

RAW = "Zoë's café  in São Paulo didn't open 😀. We left."
COLUMNS = b"We PRON\nleft VERB\n\nIt  PRON \nrained\tVERB\n"


def tokens_of(objects):
    return [[sentence["tokens"] for sentence in each["sentences"]] for each in objects]


class TestLines:
    def test_text(self, objects, tagger):
        found = objects(f"{RAW}\n\n \u3000\nHello!", "text")
        wanted = [
            {"sentences": [each.to_json() for each in tagger(text)]} for text in (RAW, "Hello!")
        ]
        assert found == json.loads(json.dumps(wanted))
        assert [len(each["sentences"]) for each in found] == [2, 1]

    def test_sentences_are_neither_split_nor_merged(self, objects, tagger):
        found = objects(f"{RAW}\r\n\u3000\nno end\n", "sentences")
        whole = [token for sentence in tagger.split(RAW) for token in sentence.tokens]
        assert tokens_of(found) == [[whole], [["no", "end"]]]
        for text, each in zip((RAW, "no end"), found, strict=True):
            (sentence,) = each["sentences"]
            places = sentence["offsets"]
            assert [text[start:end] for start, end in places] == sentence["tokens"]

    def test_tokens_are_separated_by_blanks_alone(self, objects):
        found = objects(" don't \t stop.\u00a0\r\n\n\u3000 x\x0b\n\x1f\n", "tokens")
        assert tokens_of(found) == [[["don't", "stop.\u00a0"]], [["\u3000", "x\x0b"]], [["\x1f"]]]

    def test_json_is_that_of_the_predictor(self, tag, predictor):
        lines = [
            json.dumps({"sentence": RAW, "id": 7}),
            json.dumps({"tokens": ["We", "saw", "New York"], "note": {"a": [1.5, None]}}),
            json.dumps({"tokens": []}),
            json.dumps({"sentence": " "}),
        ]
        json_predictor = predictor("json_to_json")
        inputs = [json_predictor.load_line(line) for line in lines]
        wanted = "".join(map(json_predictor.dump_line, json_predictor.predict_batch_json(inputs)))
        assert tag("\n\n".join(lines), "json").output.decode() == wanted

    def test_counts(self, tag):
        result = tag(f"{RAW}\n{RAW}\n", "text")
        assert (result.index, result.sentences, result.skipped) == (3, 4, [])
        assert result.tokens == 2 * 14

    @pytest.mark.parametrize("form", ["text", "sentences", "tokens"])
    def test_byte_order_mark(self, objects, form):
        assert tokens_of(objects("\ufeffWe left\n", form)) == [[["We", "left"]]]
        assert objects("\ufeff\n", form) == []

    def test_probabilities_and_alternatives(self, objects, tagger):
        found = objects("We left.\n", "text", probabilities="all", top_k=2)
        (sentence,) = found[0]["sentences"]
        assert sentence == json.loads(
            json.dumps(tagger("We left.", probabilities="all", top_k=2)[0].to_json())
        )
        assert len(sentence["alternatives"]["chunk"]) == 2


class TestColumns:
    def test_lines_come_out_as_they_were_with_tags_behind(self, tag, objects):
        output = tag(COLUMNS, "conll", "conll").output
        tags = [
            list(zip(*each["sentences"][0]["tags"].values(), strict=True))
            for each in objects(COLUMNS, "conll")
        ]
        (a, b), (c, d) = [[" ".join(pair).encode() for pair in each] for each in tags]
        d = d.replace(b" ", b"\t")  # as in its line
        assert output == b"".join(
            (
                b"We PRON ",
                a,
                b"\nleft VERB ",
                b,
                b"\n\nIt  PRON  ",
                c,
                b"\nrained\tVERB\t",
                d,
                b"\n",
            )
        )

    @pytest.mark.parametrize("end", [b"\n", b"\r\n"])
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    def test_ends_and_marks_stay(self, tag, mark, end):
        data = mark + end + COLUMNS.replace(b"\n", end) + end
        output = tag(data, "conll", "conll").output
        plain = tag(COLUMNS, "conll", "conll").output
        assert output == mark + end + plain.replace(b"\n", end) + end
        without = tag(data.removesuffix(end + end), "conll", "conll").output
        assert without == output.removesuffix(end + end)

    def test_byte_order_mark_is_part_of_a_token_elsewhere(self, objects):
        found = objects("\ufeffWe PRON\n\ufeffWe PRON\n", "conll")
        assert tokens_of(found) == [[["We", "\ufeffWe"]]]

    def test_blank_lines_alone(self, tag):
        for wanted in ("conll", "json"):
            result = tag(b"\n \n\r\n", "conll", wanted)
            assert result.output == (b"\n \n\r\n" if wanted == "conll" else b"")
            assert result.sentences == 0

    def test_text_as_columns(self, tag, tagger):
        output = tag(RAW + "\nHello!\n", "text", "conll").output.decode()
        sentences = [*tagger(RAW), *tagger("Hello!")]
        assert output == "".join(
            "".join(f"{token}\t{tag}\t{pos}\n" for token, tag, pos in rows) + "\n"
            for rows in (
                zip(each.tokens, each.tags["chunk"], each.tags["pos"], strict=True)
                for each in sentences
            )
        )


HOSTILE = {
    "long sentence": " ".join(["rain"] * 5_000),
    "long token": "x" * 100_000,
    "long token with dots": "a." * 50_000,
    "control characters": "a\x00b \x01\x02 \x1b[31mred\x7f",
    "right to left": "\u202eאבג\u202c שלום",
    "combining marks": "e\u0301 " + "a" + "\u0300" * 500,
    "emoji": "👩‍👩‍👧 🇪🇺 😀",
    "separators": "a\u2028b \x85 \x1c",
}


@pytest.mark.parametrize("given", ["text", "sentences", "tokens", "json"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text(tag, text, given):
    line = json.dumps({"tokens": text.split(" ")}) if given == "json" else text
    (each,) = map(json.loads, tag(line, given).output.splitlines())
    tokens = [token for sentence in each["sentences"] for token in sentence["tokens"]]
    if given in ("tokens", "json"):
        assert tokens == text.split(" ")
    assert "".join("".join(tokens).split()) == "".join(text.split())
    rows = tag(line, given, "conll").output.decode().split("\n")
    assert [row.rsplit("\t", 2)[0] for row in rows if row] == tokens


class TestSettings:
    def test_output_goes_with_input(self):
        assert [output_form_for(each) for each in ("text", "json", "conll", "conllu")] == [
            "json",
            "json",
            "conll",
            "conllu",
        ]

    @pytest.mark.parametrize("options", [{"probabilities": True}, {"top_k": 2}])
    def test_probabilities_are_for_json(self, options):
        with pytest.raises(UserError, match="are for --output-format json"):
            TagSettings("m", "IN", "text", "conll", **options)
        with pytest.raises(UserError, match="--columns is for --output-format conllu"):
            TagSettings("m", "IN", "text", "json", columns={"pos": "UPOS"})

    def test_archive_that_is_not_there(self, tmp_path):
        settings = TagSettings(str(tmp_path / "none"), "IN", "text", "json")
        with pytest.raises(UserError, match="none: there is no such model"):
            settings.block_tagger()

    def test_packages_are_imported_where_the_model_is(
        self, quickstart_archive, tmp_path, monkeypatch
    ):
        (tmp_path / "components_of_mine.py").touch()
        monkeypatch.syspath_prepend(tmp_path)
        settings = TagSettings(
            str(quickstart_archive), "IN", "text", "json", packages=["components_of_mine"]
        )
        pickle.loads(pickle.dumps(settings)).block_tagger()
        assert sys.modules.pop("components_of_mine")

    def test_several_data_sets(self, multitask_archive):
        def make(form, dataset=None):
            tagger = Tagger.load(multitask_archive, dataset=dataset)
            return TagSettings("m", "IN", form, form, dataset=dataset).with_tagger(tagger)

        # Columns are read by what they look like, where nobody says whose layout they have.
        columns = [b"Mina PROPN\n", b"waved VERB\n", b"\n"]
        assert make("conll")(Block(0, 1, columns)) == make("conll", "conll2000")(
            Block(0, 1, columns)
        )
        lines = Path("fixtures/corpus/pos.conllu").read_bytes().splitlines(keepends=True)
        # CoNLL-U is what it is, for any model.
        assert make("conllu")(Block(0, 1, lines)) == make("conllu", "ewt")(Block(0, 1, lines))
        assert make("conll", "ewt")(Block(0, 1, lines)).sentences == 30
