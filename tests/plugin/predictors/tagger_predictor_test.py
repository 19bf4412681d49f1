import json
from pathlib import Path

import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model, load_archive
from allennlp.models.archival import Archive
from allennlp.predictors import Predictor
from seqeval.metrics.sequence_labeling import get_entities

from bilstm_tagger.plugin.predictors import TaggerPredictor

TEXT = Path("fixtures/text")
TASKS = ["chunk", "pos"]
RAW = "Zoë's café  in São Paulo didn't open 😀. We left."


def run(predictor: TaggerPredictor, *lines: str) -> str:
    """What `allennlp predict` writes for these lines."""
    inputs = [predictor.load_line(line) for line in lines]
    return "".join(map(predictor.dump_line, predictor.predict_batch_json(inputs)))


def run_file(predictor: TaggerPredictor, path) -> str:
    """What `allennlp predict --use-dataset-reader` writes for a file."""
    instances = list(predictor._dataset_reader.read(str(path)))
    return "".join(map(predictor.dump_line, predictor.predict_batch_instance(instances)))


def columns(text: str) -> list[list[list[str]]]:
    """Sentences of lines of cells."""
    blocks = [block for block in text.split("\n\n") if block]
    return [[line.split("\t") for line in block.splitlines()] for block in blocks]


def check_spans(sentence: dict) -> None:
    """Spans agree with tags, as seqeval reads them, and with tokens."""
    spans = sentence["spans"]["chunk"]
    found = [(each["label"], each["first_token"], each["last_token"]) for each in spans]
    assert found == get_entities(sentence["tags"]["chunk"])
    assert sentence["spans"].keys() == {"chunk"}  # encoded tasks alone


class TestJsonOutput:
    def test_raw_text(self, predictor):
        output = run(predictor("text_to_json"), RAW + "\n")
        assert output.endswith("}\n")
        assert "Zoë" in output  # readable, not escaped
        prediction = json.loads(output)
        assert prediction.keys() == {"sentences"}
        first, second = prediction["sentences"]
        assert first["tokens"][:3] == ["Zoë", "'s", "café"]
        assert second["tokens"] == ["We", "left", "."]
        for sentence in (first, second):
            assert sentence.keys() == {"tokens", "tags", "spans", "offsets"}
            assert list(sentence["tags"]) == TASKS
            for tags in sentence["tags"].values():
                assert len(tags) == len(sentence["tokens"])
            check_spans(sentence)

    def test_offsets_of_raw_text_point_to_tokens_and_spans(self, predictor):
        (prediction,) = map(json.loads, run(predictor("text_to_json"), RAW).splitlines())
        spans = 0
        for sentence in prediction["sentences"]:
            for token, (start, end) in zip(sentence["tokens"], sentence["offsets"], strict=True):
                assert RAW[start:end] == token
            for span in sentence["spans"]["chunk"]:
                spans += 1
                assert RAW[span["start"] : span["end"]] == span["text"]
                assert span["start"] == sentence["offsets"][span["first_token"]][0]
                assert span["end"] == sentence["offsets"][span["last_token"]][1]
        assert spans > 0

    def test_json_sentence_is_raw_text(self, predictor):
        line = json.dumps({"sentence": RAW})
        assert run(predictor("json_to_json"), line) == run(predictor("text_to_json"), RAW)
        assert predictor("json_to_json").predict(RAW) == predictor("text_to_json").predict(RAW)

    def test_json_tokens_are_one_sentence(self, predictor):
        tokens = ["We", "left", ".", "Who", "stayed", "in", "New York", "?"]
        (prediction,) = [json.loads(run(predictor("json_to_json"), json.dumps({"tokens": tokens})))]
        (sentence,) = prediction["sentences"]
        assert sentence.keys() == {"tokens", "tags", "spans"}
        assert sentence["tokens"] == tokens
        check_spans(sentence)
        for span in sentence["spans"]["chunk"]:
            covered = tokens[span["first_token"] : span["last_token"] + 1]
            assert span["text"] == " ".join(covered)
            assert span.keys() == {"label", "first_token", "last_token", "text"}

    def test_column_file(self, predictor):
        path = TEXT / "untagged.conll"
        predictions = [
            json.loads(each) for each in run_file(predictor("conll_to_json"), path).splitlines()
        ]
        given = [[cell for (cell,) in sentence] for sentence in columns(path.read_text())]
        assert [each["sentences"][0]["tokens"] for each in predictions] == given
        for each in predictions:
            assert each.keys() == {"sentences"}
            (sentence,) = each["sentences"]
            assert sentence.keys() == {"tokens", "tags", "spans"}
            check_spans(sentence)

    def test_other_keys_are_handed_through(self, predictor):
        extra = {"id": 7, "source": {"file": "a"}, "pos": ["not a feature"], "lines": [1]}
        line = json.dumps({"tokens": ["Hello", "!"], **extra})
        prediction = json.loads(run(predictor("json_to_json"), line))
        assert prediction.keys() == {"sentences", *extra}
        assert {key: prediction[key] for key in extra} == extra

    @pytest.mark.parametrize("line", ['{"tokens": []}', '{"sentence": ""}', '{"sentence": " \\n"}'])
    def test_nothing_in_is_nothing_out(self, predictor, line):
        assert json.loads(run(predictor("json_to_json"), line)) == {"sentences": []}

    def test_order_of_several_inputs(self, predictor):
        """Whatever their lengths, with empty ones among them."""
        given = [["Who", "left", "?"], [], ["Rain"], ["We", "left", "."], ["Yes", "!"]]
        lines = [json.dumps({"tokens": tokens, "n": n}) for n, tokens in enumerate(given)]
        output = [json.loads(each) for each in run(predictor("json_to_json"), *lines).splitlines()]
        assert [each["n"] for each in output] == [0, 1, 2, 3, 4]
        tokens = [[sentence["tokens"] for sentence in each["sentences"]] for each in output]
        assert tokens == [[each] if each else [] for each in given]

    def test_fixture_of_json_lines(self, predictor):
        lines = (TEXT / "sentences.jsonl").read_text().splitlines()
        json_predictor = predictor("json_to_json")
        together = run(json_predictor, *lines)
        assert together == "".join(run(json_predictor, line) for line in lines)


class TestColumnOutput:
    def test_raw_text_of_several_sentences(self, predictor):
        output = run(predictor("text_to_conll"), RAW + "\n", "Hello!\n")
        prediction = predictor("text_to_json").predict(RAW)["sentences"]
        expected = [
            [list(row) for row in zip(each["tokens"], *each["tags"].values(), strict=True)]
            for each in (*prediction, *predictor("text_to_json").predict("Hello!")["sentences"])
        ]
        assert len(expected) == 3
        assert columns(output) == expected
        assert output.endswith("\n\n")
        assert not output.endswith("\n\n\n")

    def test_json(self, predictor):
        line = json.dumps({"tokens": ["We", "saw", "New York"], "lines": ["handed through"]})
        output = run(predictor("json_to_conll"), line)
        (sentence,) = columns(output)
        assert [row[0] for row in sentence] == ["We", "saw", "New York"]
        assert all(len(row) == 3 for row in sentence)
        assert run(predictor("json_to_conll"), '{"tokens": []}') == ""

    @pytest.mark.parametrize("token", ["a\tb", "a\nb", "\r"])
    def test_token_that_a_column_cannot_hold(self, predictor, token):
        line = json.dumps({"tokens": ["We", token]})
        with pytest.raises(ValueError, match="holds a tab or line end"):
            run(predictor("json_to_conll"), line)
        (sentence,) = json.loads(run(predictor("json_to_json"), line))["sentences"]
        assert sentence["tokens"] == ["We", token]

    def test_column_file_without_labels(self, predictor):
        path = TEXT / "untagged.conll"
        output = run_file(predictor("conll_to_conll"), path)
        given, found = path.read_text().splitlines(), output.splitlines()
        assert len(found) == len(given) + (given[-1] != "")
        for line, tagged in zip(given, found, strict=False):
            assert tagged.split()[:1] == line.split()
            assert len(tagged.split()) == (3 if line else 0)

    def test_columns_that_came_in_are_kept(self, predictor):
        """Gold labels, and columns that the model knows nothing of; separated as they were."""
        path = Path("fixtures/corpus/test.conll")
        output = run_file(predictor("conll_to_conll"), path)
        given, found = path.read_text().splitlines(), output.splitlines()
        assert [line.rsplit(" ", 2)[0] for line in found if line] == [
            each for each in given if each
        ]
        assert [not line for line in found][: len(given)] == [not line for line in given]
        predictions = predictor("conll_to_json")
        tags = [
            tag
            for line in run_file(predictions, path).splitlines()
            for tag in zip(*json.loads(line)["sentences"][0]["tags"].values(), strict=True)
        ]
        assert [tuple(line.rsplit(" ", 2)[1:]) for line in found if line] == tags

    def test_columns_of_another_file_than_that_of_training(self, quickstart_archive, predictor):
        """The layout is overridden; there is no column of labels."""
        layout = {"dataset_reader.columns": {"tokens": 1, "pos": 8, "chunk": 9}}
        archive = load_archive(quickstart_archive, overrides=json.dumps(layout))
        path = TEXT / "with_extra_columns.conll"
        output = run_file(predictor("conll_to_conll", archive), path)
        assert [line.rsplit("\t", 2)[0] for line in output.splitlines()][:-1] == (
            path.read_text().splitlines()
        )
        assert all(len(row) == 6 for sentence in columns(output) for row in sentence)

    def test_conllu_keeps_comments_and_ranges(self, multitask, predictor):
        path = Path("fixtures/corpus/pos.conllu")
        output = run_file(predictor("conll_to_conll", multitask, dataset="ewt"), path)
        given, found = path.read_text().rstrip("\n").splitlines(), output.rstrip("\n").splitlines()
        ranges = 0
        for line, tagged in zip(given, found, strict=True):
            if not line or line.startswith("#"):
                assert tagged == line
                continue
            before, chunk, pos = tagged.rsplit("\t", 2)
            assert before == line
            is_range = not line.split("\t")[0].isdigit()
            ranges += is_range
            assert ((chunk, pos) == ("_", "_")) == is_range
        assert ranges > 0


class TestArguments:
    def test_tasks_in_their_order(self, predictor):
        line = '{"tokens": ["We", "left"]}'
        both = columns(run(predictor("json_to_conll"), line))[0]
        turned = columns(run(predictor("json_to_conll", tasks=["pos", "chunk"]), line))[0]
        assert turned == [[token, pos, chunk] for token, chunk, pos in both]
        alone = columns(run(predictor("json_to_conll", tasks=["pos"]), line))[0]
        assert alone == [[token, pos] for token, _, pos in both]
        prediction = predictor("json_to_json", tasks=["pos"]).predict("We left.")
        assert prediction["sentences"][0]["tags"].keys() == {"pos"}
        assert prediction["sentences"][0]["spans"] == {}

    def test_unknown_task(self, predictor):
        with pytest.raises(ConfigurationError, match=r"no task 'ner'; it has \['chunk', 'pos'\]"):
            predictor("json_to_json", tasks=["ner"])

    def test_data_set_decides_about_the_layout(self, multitask, predictor):
        path = TEXT / "untagged.conll"
        first_column = run_file(predictor("conll_to_json", multitask, dataset="conll2000"), path)
        assert json.loads(first_column.splitlines()[0])["sentences"][0]["tokens"][0] == "The"
        with pytest.raises(ConfigurationError, match="several data sets.*conll2000, ewt.*--pred"):
            predictor("conll_to_json", multitask)
        with pytest.raises(ValueError, match="untagged.conll:1: expected at least 2 columns"):
            run_file(predictor("conll_to_json", multitask, dataset="ewt"), path)

    def test_unknown_data_set(self, multitask, predictor):
        with pytest.raises(ConfigurationError, match="no data set 'wsj'.*'conll2000', 'ewt'"):
            predictor("conll_to_json", multitask, dataset="wsj")

    def test_language(self, predictor):
        text = "Er kam z.B. mit"
        for language, tokens in (("de", 4), ("en", 5)):
            prediction = predictor("text_to_json", language=language).predict(text)
            assert sum(len(each["tokens"]) for each in prediction["sentences"]) == tokens

    def test_all_tasks_of_several_data_sets(self, multitask, predictor):
        sentence = predictor("text_to_json", multitask).predict("We left.")["sentences"][0]
        assert sentence["tags"].keys() == {"chunk", "pos"}


class TestErrors:
    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("We left.", "expected a JSON object, found 'We left.'"),
            ('{"tokens": ["We"}', "expected a JSON object, found"),
            ('["We", "left"]', "expected a JSON object with either 'sentence'"),
            ('"We left."', "expected a JSON object with either 'sentence'"),
            ("{}", "expected a JSON object with either 'sentence'"),
            ('{"title": "We left."}', 'either .* found {"title": "We left."}'),
            ('{"sentence": "We left.", "tokens": ["We"]}', "with either 'sentence'"),
            ('{"sentence": ["We"]}', r"'sentence' must be a string, found \['We'\]"),
            ('{"tokens": "We left."}', "'tokens' must be a list of strings, found 'We left.'"),
            ('{"tokens": ["We", 2]}', "'tokens' must be a list of strings, found"),
            ('{"tokens": ["We", ""]}', "expected a list of tokens of some text"),
        ],
    )
    @pytest.mark.parametrize("name", ["json_to_json", "json_to_conll"])
    def test_wrong_json(self, predictor, name, line, message):
        with pytest.raises(ValueError, match=message):
            run(predictor(name), line)

    @pytest.mark.parametrize("name", ["conll_to_json", "conll_to_conll"])
    def test_column_file_without_the_reader(self, predictor, name):
        with pytest.raises(ConfigurationError, match="add --use-dataset-reader"):
            run(predictor(name), "We PRON B-NP")

    def test_model_of_another_type(self, quickstart):
        with pytest.raises(ConfigurationError, match="model 'bilstm_tagger'.* found Linear"):
            TaggerPredictor(torch.nn.Linear(1, 1), quickstart.dataset_reader)

    def test_one_sentence_for_interpreters(self, predictor):
        instance = predictor("json_to_json")._json_to_instance({"sentence": "We left."})
        assert [token.text for token in instance["tokens"]] == ["We", "left", "."]
        with pytest.raises(ValueError, match="expected one sentence, found 2"):
            predictor("json_to_json")._json_to_instance({"sentence": "We left. Who stayed?"})


class TestFeatureColumns:
    """A model that sees the part of speech of every token."""

    @pytest.fixture
    def archive(self) -> Archive:
        indexer = {"type": "column", "column": "pos"}
        reader = DatasetReader.from_params(
            Params(
                {
                    "type": "conll_columns",
                    "columns": {"tokens": 0, "pos": 1, "chunk": 2},
                    "tasks": {"chunk": {"encoding": "BIO"}},
                    "token_indexers": {"pos": indexer},
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
        model = Model.from_params(Params(config), vocab=vocabulary)
        return Archive(model.eval(), Params({"model": config}), reader, reader, {})

    def test_json(self, archive, predictor):
        given = {"tokens": ["We", "left"], "pos": ["PRON", "VERB"]}
        tagger = predictor("json_to_json", archive)
        prediction = tagger.predict_json(given)
        assert prediction.keys() == {"sentences"}  # used up
        instance = tagger._json_to_instance(given)
        assert [token.columns for token in instance["tokens"]] == [{"pos": "PRON"}, {"pos": "VERB"}]

    def test_columns(self, archive, predictor, tmp_path):
        path = tmp_path / "tagged.conll"
        path.write_text("We PRON\nleft VERB\n")
        output = run_file(predictor("conll_to_conll", archive), path)
        assert [line.split()[:2] for line in output.splitlines()[:2]] == [
            ["We", "PRON"],
            ["left", "VERB"],
        ]

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"tokens": ["We", "left"]}, "column 'pos' as a feature: expected 2 .* found none"),
            ({"tokens": ["We", "left"], "pos": ["PRON"]}, "expected 2 values of it, found 1"),
            ({"tokens": ["We", "left"], "pos": 3}, "'pos' must be a list of strings, found 3"),
            ({"tokens": ["We"], "pos": "P"}, "'pos' must be a list of strings, found 'P'"),
            ({"sentence": "We left."}, "column 'pos' as a feature: expected 3 .* found none"),
        ],
    )
    def test_missing_or_wrong_feature(self, archive, predictor, given, message):
        with pytest.raises((ConfigurationError, ValueError), match=message):
            predictor("json_to_json", archive).predict_json(given)


def test_byte_order_mark_is_no_part_of_the_first_line(predictor):
    text = predictor("text_to_json")
    assert run(text, "\ufeffWe left.") == run(text, "We left.")
    line = '{"tokens": ["We", "left"]}'
    assert run(predictor("json_to_json"), "\ufeff" + line) == run(predictor("json_to_json"), line)


def test_all_six_are_registered():
    forms = {"text", "json", "conll"}
    for given in forms:
        for wanted in ("json", "conll"):
            kind = Predictor.by_name(f"{given}_to_{wanted}")
            assert (kind.input_form, kind.output_form) == (given, wanted)


def test_json_to_json_is_the_default(quickstart):
    predictor = Predictor.from_archive(quickstart)
    assert type(predictor) is Predictor.by_name("json_to_json")
