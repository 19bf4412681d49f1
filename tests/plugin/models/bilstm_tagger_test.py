import math
from pathlib import Path

import pytest
import torch
from allennlp.common import Params
from allennlp.common.checks import ConfigurationError
from allennlp.common.testing import ModelTestCase
from allennlp.data import DatasetReader, Instance, Vocabulary
from allennlp.data.batch import Batch
from allennlp.models import Model

from bilstm_tagger.plugin.data.fields import UNKNOWN_LABEL
from bilstm_tagger.plugin.models import BiLSTMTagger

CONFIG = Path(__file__).parent / "small.jsonnet"
CORPUS = "fixtures/corpus/dev.conll"

# Sentences of 3, 5, 1 and 3 tokens.
DATA = """\
Rain NOUN B-NP
stopped VERB B-VP
. PUNCT O

The DET B-NP
new ADJ I-NP
bridge NOUN I-NP
opened VERB B-VP
. PUNCT O

Hello INTJ O

She PRON B-NP
left VERB B-VP
. PUNCT O
"""
LENGTHS = [3, 5, 1, 3]

INDEXERS = {"words": {"type": "word_forms"}, "casing": {"type": "casing"}}
EMBEDDERS = {
    "words": {"type": "word_vectors", "embedding_dim": 6},
    "casing": {"type": "embedding", "vocab_namespace": "casing", "embedding_dim": 3},
}
READER_TASKS = {"pos": {}, "chunk": {"encoding": "BIO"}}
TASKS = {"pos": {"type": "softmax"}, "chunk": {"type": "crf", "encoding": "BIO"}}


def read(path, text=DATA, tasks=READER_TASKS) -> list[Instance]:
    (path / "data.conll").write_text(text)
    reader = DatasetReader.from_params(
        Params(
            {
                "type": "conll_columns",
                "columns": {"tokens": 0, "pos": 1, "chunk": 2},
                "tasks": tasks,
                "token_indexers": INDEXERS,
            }
        ).duplicate()
    )
    instances = list(reader.read(str(path / "data.conll")))
    for instance in instances:
        reader.apply_token_indexers(instance)
    return instances


def make_vocabulary(instances) -> Vocabulary:
    params = Params({"type": "word_vectors", "frequent_min_count": 1})
    return Vocabulary.from_params(params, instances=instances)


def make_model(vocabulary, tasks=TASKS, **settings) -> BiLSTMTagger:
    params = {
        "type": "bilstm_tagger",
        "text_field_embedder": {"token_embedders": EMBEDDERS},
        "encoder": {"hidden_sizes": [5], "dropout": 0},
        "tasks": tasks,
        **settings,
    }
    return Model.from_params(params=Params(params).duplicate(), vocab=vocabulary)


def tensors(instances, vocabulary) -> dict:
    batch = Batch(instances)
    batch.index_instances(vocabulary)
    return batch.as_tensor_dict()


@pytest.fixture
def instances(tmp_path) -> list[Instance]:
    return read(tmp_path)


@pytest.fixture
def vocabulary(instances) -> Vocabulary:
    return make_vocabulary(instances)


@pytest.fixture
def model(vocabulary) -> BiLSTMTagger:
    return make_model(vocabulary)


@pytest.fixture
def batch(instances, vocabulary) -> dict:
    return tensors(instances, vocabulary)


def answer_with(monkeypatch, model, ids: dict[str, torch.Tensor]) -> None:
    """Makes the decoders of a model predict these tags."""
    for name, decoder in model.tasks.items():
        monkeypatch.setattr(decoder, "decode", lambda *_, found=ids[name]: found)


def gradients(model) -> dict[str, torch.Tensor]:
    """Parameters that have a gradient which is not zero throughout."""
    return {
        name: parameter.grad
        for name, parameter in model.named_parameters()
        if parameter.grad is not None and parameter.grad.any()
    }


class TestSmallConfig(ModelTestCase):
    def setup_method(self):
        super().setup_method()
        self.set_up_model(CONFIG, CORPUS, seed=13)

    def test_trains_saves_and_loads_and_every_trainable_parameter_has_a_gradient(self):
        model, _ = self.ensure_model_can_train_save_and_load(CONFIG)
        frozen = [name for name, each in model.named_parameters() if not each.requires_grad]
        assert frozen == ["text_field_embedder.token_embedder_words.weight"]

    def test_predictions_do_not_depend_on_the_batch(self):
        # The mask is the padding of the batch itself.
        assert len({len(instance["tokens"]) for instance in self.instances}) > 1
        self.ensure_batch_predictions_are_consistent(keys_to_ignore=["tag_ids", "mask"])
        self.model.eval()
        together = self.model.forward_on_instances(self.instances)
        alone = [self.model.forward_on_instances([each])[0] for each in self.instances]
        whole = self.model(**self.dataset.as_tensor_dict())
        padded = self.model.make_output_human_readable(whole)["tags"]
        assert [each["tags"] for each in together] == [each["tags"] for each in alone] == padded


def test_outputs_in_training_are_the_loss_alone(model, batch):
    model.train()
    assert model(**batch).keys() == {"loss"}


def test_outputs_in_evaluation(model, batch):
    model.eval()
    output = model(**batch)
    assert output.keys() == {"loss", "tag_ids", "mask", "metadata"}
    assert output["loss"].dim() == 0
    assert output["mask"].sum(1).tolist() == LENGTHS
    assert output["tag_ids"].keys() == {"pos", "chunk"}
    for ids in output["tag_ids"].values():
        assert ids.shape == (4, 5)
        assert ids.dtype == torch.long


def test_outputs_without_labels_have_no_loss_but_tags_of_all_tasks(model, batch):
    model.eval()
    output = model(tokens=batch["tokens"])
    assert "loss" not in output
    readable = model.make_output_human_readable(output)
    assert "tokens" not in readable
    for task in ("pos", "chunk"):
        assert [len(tags[task]) for tags in readable["tags"]] == LENGTHS


def test_readable_output_has_tokens_and_tags_of_the_right_lengths(model, batch):
    model.eval()
    readable = model.make_output_human_readable(model(**batch))
    assert readable.keys() == {"loss", "tags", "tokens"}
    assert readable["tokens"][1] == ["The", "new", "bridge", "opened", "."]
    known = {"NOUN", "VERB", "PUNCT", "DET", "ADJ", "INTJ", "PRON"}
    for tags, length in zip(readable["tags"], LENGTHS, strict=True):
        assert len(tags["pos"]) == len(tags["chunk"]) == length
        assert set(tags["pos"]) <= known
        assert set(tags["chunk"]) <= {"B-NP", "I-NP", "B-VP", "O"}


def test_tags_are_in_the_encoding_of_the_files(tmp_path, monkeypatch):
    columns = {"chunk": {"encoding": "BIO", "model_encoding": "IOBES"}}
    instances = read(tmp_path, tasks=columns)
    vocabulary = make_vocabulary(instances)
    model = make_model(vocabulary, {"chunk": {"type": "softmax", "encoding": "IOBES"}}).eval()
    batch = tensors(instances, vocabulary)
    answer_with(monkeypatch, model, {"chunk": batch["labels"]["chunk"].clamp(min=0)})
    output = model.make_output_human_readable(model(**batch))
    assert output["tags"][1]["chunk"] == ["B-NP", "I-NP", "I-NP", "B-VP", "O"]
    assert model.get_metrics()["chunk_f1"] == 1.0


def test_loss_is_the_weighted_sum_over_tasks(vocabulary, batch):
    def losses(pos_weight, chunk_weight):
        torch.manual_seed(5)
        tasks = {
            "pos": {"type": "softmax", "loss_weight": pos_weight},
            "chunk": {"type": "crf", "encoding": "BIO", "loss_weight": chunk_weight},
        }
        model = make_model(vocabulary, tasks)
        return float(model(**batch)["loss"].detach()), model.get_metrics()

    total, metrics = losses(1.0, 1.0)
    assert total == pytest.approx(metrics["pos_loss"] + metrics["chunk_loss"])
    weighted, same = losses(0.25, 2.0)
    assert same == metrics  # as they are, whatever their weight
    assert weighted == pytest.approx(0.25 * metrics["pos_loss"] + 2 * metrics["chunk_loss"])


def test_labels_of_one_task_train_the_decoder_of_that_task_alone(model, batch):
    model.train()
    for task, other in (("pos", "chunk"), ("chunk", "pos")):
        model.zero_grad()
        labels = {task: batch["labels"][task]}
        model(tokens=batch["tokens"], labels=labels)["loss"].backward()
        trained = gradients(model)
        assert not any(name.startswith(f"tasks.{other}.") for name in trained)
        for name, parameter in model.named_parameters():
            if name.startswith((f"tasks.{task}.", "encoder.")):
                assert name in trained, parameter
    assert model.get_metrics().keys() == {"pos_loss", "chunk_loss"}


def test_all_tasks_are_predicted_whatever_the_labels(model, batch):
    model.eval()
    output = model(tokens=batch["tokens"], labels={"pos": batch["labels"]["pos"]})
    assert output["tag_ids"].keys() == {"pos", "chunk"}


def test_nothing_is_decoded_in_training(model, batch, monkeypatch):
    def refuse(*_):
        raise AssertionError("decoded")

    for decoder in model.tasks.values():
        monkeypatch.setattr(decoder, "decode", refuse)
    model.train()
    model(**batch)["loss"].backward()
    model.eval()
    with pytest.raises(AssertionError, match="decoded"):
        model(**batch)


def test_level_is_the_layer_that_a_task_reads(vocabulary, batch):
    tasks = {"pos": {"type": "softmax", "level": 1}, "chunk": {"type": "softmax"}}
    model = make_model(vocabulary, tasks, encoder={"hidden_sizes": [5, 3], "dropout": 0})
    assert model.tasks["pos"].scorer.in_features == 10
    assert model.tasks["chunk"].scorer.in_features == 6
    model(tokens=batch["tokens"], labels={"pos": batch["labels"]["pos"]})["loss"].backward()
    trained = gradients(model)
    assert any(name.startswith("encoder.layers.0.") for name in trained)
    assert not any(name.startswith("encoder.layers.1.") for name in trained)


@pytest.mark.parametrize("own_layers", [{}, {"encoder": {"hidden_sizes": [4], "dropout": 0}}])
def test_padded_batch_is_as_good_as_each_sentence_alone(instances, vocabulary, batch, own_layers):
    """Loss, gradients and tags; the loss of a CRF is a mean over sentences, of a softmax one over
    tokens."""
    tasks = {name: {**settings, **own_layers} for name, settings in TASKS.items()}
    model = make_model(vocabulary, tasks).eval()
    alone = [tensors([instance], vocabulary) for instance in instances]
    weights = {"chunk": [1.0] * 4, "pos": [float(length) for length in LENGTHS]}
    for task, weight in weights.items():

        def loss(given, task=task):
            labels = {task: given["labels"][task]}
            return model(tokens=given["tokens"], labels=labels)["loss"]

        model.zero_grad()
        losses = torch.stack([loss(each) for each in alone])
        expected = (losses * torch.tensor(weight)).sum() / sum(weight)
        expected.backward()
        expected_gradients = {name: each.clone() for name, each in gradients(model).items()}
        model.zero_grad()
        found = loss(batch)
        found.backward()
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(gradients(model), expected_gradients, atol=1e-6, rtol=1e-4)

        tag_ids = model(**batch)["tag_ids"][task]
        for row, given, length in zip(tag_ids, alone, LENGTHS, strict=True):
            assert row[:length].tolist() == model(**given)["tag_ids"][task][0].tolist()


def test_padded_batch_has_the_loss_of_batches_of_equal_length(model, instances, vocabulary, batch):
    model.eval()
    equal = [[instances[0], instances[3]], [instances[1]], [instances[2]]]
    for task, weights in (("chunk", [2, 1, 1]), ("pos", [6, 5, 1])):
        losses = []
        for group in (*equal, instances):
            given = tensors(group, vocabulary)
            labels = {task: given["labels"][task]}
            losses.append(float(model(tokens=given["tokens"], labels=labels)["loss"].detach()))
        *parts, whole = losses
        mean = sum(a * b for a, b in zip(parts, weights, strict=True)) / sum(weights)
        assert whole == pytest.approx(mean)


def test_forward_on_instances_keeps_the_order(model, instances):
    outputs = model.forward_on_instances(instances)
    assert [each["tokens"] for each in outputs] == [
        each["metadata"]["tokens"] for each in instances
    ]
    backwards = model.forward_on_instances(instances[::-1])
    assert [each["tags"] for each in backwards] == [each["tags"] for each in outputs][::-1]
    assert model.forward_on_instances([]) == []


def test_forward_on_instances_predicts_as_evaluation_does(vocabulary, instances, batch):
    """With every kind of decoder: other levels, own layers, constraints."""
    tasks = {
        "pos": {"type": "softmax", "level": 1, "encoder": {"hidden_sizes": [4, 3]}},
        "chunk": {"type": "crf", "encoding": "BIO", "constrained": True},
    }
    for seed in range(5):
        torch.manual_seed(seed)
        model = make_model(vocabulary, tasks, encoder={"hidden_sizes": [5, 4], "dropout": 0.5})
        model.train()
        found = [each["tags"] for each in model.forward_on_instances(instances)]
        assert model.training
        model.eval()
        assert found == model.make_output_human_readable(model(**batch))["tags"]


def test_forward_on_instances_takes_labelled_and_new_sentences_together(model, instances):
    plain = Instance({key: instances[0][key] for key in ("tokens", "metadata")})
    model.eval()
    labelled, new = model.forward_on_instances([instances[0], plain])
    assert labelled["tags"] == new["tags"]


def test_embedding_dropout(vocabulary, batch, monkeypatch):
    model = make_model(vocabulary, embedding_dropout=0.5)
    inputs = []

    def spy(given, lengths):
        inputs.append(given)
        return read(given, lengths)

    read = model.encoder.forward
    monkeypatch.setattr(model.encoder, "forward", spy)
    model.eval()
    model(tokens=batch["tokens"])
    model.train()
    for _ in range(50):
        model(**batch)
    whole, *dropped = inputs
    kept = torch.stack(dropped) != 0
    real = whole != 0  # padding of words is zero
    assert 0.45 < float(kept[:, real].float().mean()) < 0.55
    torch.testing.assert_close(dropped[0][kept[0]], 2.0 * whole[kept[0]])
    with pytest.raises(ConfigurationError, match=r"embedding_dropout must be in \[0, 1\)"):
        make_model(vocabulary, embedding_dropout=1.0)


class TestTaskIdentifier:
    @pytest.fixture
    def model(self, vocabulary) -> BiLSTMTagger:
        return make_model(vocabulary, task_identifier=True)

    def test_the_encoder_reads_the_task_behind_the_features(self, model, batch, monkeypatch):
        inputs = []
        read = model.encoder.forward
        monkeypatch.setattr(
            model.encoder,
            "forward",
            lambda given, lengths: inputs.append(given) or read(given, lengths),
        )
        model.eval()
        model(tokens=batch["tokens"])
        assert [each.shape[-1] for each in inputs] == [9 + 2] * 2
        assert inputs[0][..., 9:].unique(dim=1)[0].tolist() == [[1.0, 0.0]]
        assert inputs[1][..., 9:].unique(dim=1)[0].tolist() == [[0.0, 1.0]]
        assert torch.equal(inputs[0][..., :9], inputs[1][..., :9])

    def test_predictions_are_those_of_evaluation(self, model, instances, batch):
        model.eval()
        expected = model.make_output_human_readable(model(**batch))["tags"]
        assert [each["tags"] for each in model.forward_on_instances(instances)] == expected

    def test_it_is_not_trained(self, model, batch):
        model.train()
        model(**batch)["loss"].backward()
        assert all("identif" not in name for name, _ in model.named_parameters())


class TestAuxiliaryTask:
    @pytest.fixture
    def model(self, vocabulary) -> BiLSTMTagger:
        return make_model(vocabulary, {**TASKS, "pos": {"type": "softmax", "evaluate": False}})

    def test_is_trained(self, model, batch):
        model.train()
        both = model(**batch)["loss"]
        chunk = model(tokens=batch["tokens"], labels={"chunk": batch["labels"]["chunk"]})["loss"]
        assert float(both.detach()) > float(chunk.detach())
        both.backward()
        assert gradients(model).keys() >= {"tasks.pos.scorer.weight", "tasks.chunk.scorer.weight"}

    def test_has_no_part_in_validation_but_is_predicted(self, model, batch, instances):
        model.eval()
        output = model(**batch)
        chunk = model(tokens=batch["tokens"], labels={"chunk": batch["labels"]["chunk"]})["loss"]
        assert float(output["loss"].detach()) == pytest.approx(float(chunk.detach()))
        metrics = model.get_metrics(reset=True)
        assert not any(key.startswith("pos") for key in metrics)
        assert "chunk_f1" in metrics
        assert model.main_metrics == {"chunk": "chunk_f1"}
        assert set(model.forward_on_instances(instances)[0]["tags"]) == {"pos", "chunk"}

    def test_a_batch_of_its_labels_alone_adds_nothing_in_validation(self, model, batch):
        model.eval()
        labels = {"pos": batch["labels"]["pos"]}
        assert float(model(tokens=batch["tokens"], labels=labels)["loss"]) == 0.0
        assert model.get_metrics() == {}


@pytest.mark.parametrize(
    "repair, tags, f1",
    # The first and the last sentence begin with a tag that continues nothing.
    [
        (None, ["I-NP", "B-VP", "O"], 1.0),
        ("B", ["B-NP", "B-VP", "O"], 1.0),
        ("O", ["O", "B-VP", "O"], 0.8),
    ],
)
def test_repair_of_what_is_predicted(vocabulary, instances, batch, monkeypatch, repair, tags, f1):
    tasks = {"chunk": {"type": "softmax", "encoding": "BIO", "repair": repair}}
    model = make_model(vocabulary, tasks).eval()
    ids = batch["labels"]["chunk"].clamp(min=0)
    number = model.tasks["chunk"].labels.index("I-NP")
    ids[0, 0] = ids[3, 0] = number
    answer_with(monkeypatch, model, {"chunk": ids})
    labels = {"chunk": batch["labels"]["chunk"]}
    output = model(tokens=batch["tokens"], labels=labels, metadata=batch["metadata"])
    assert model.make_output_human_readable(output)["tags"][0]["chunk"] == tags
    # Six chunks; those two are found, or missed.
    assert model.get_metrics()["chunk_f1"] == pytest.approx(f1)


class TestMetrics:
    def test_in_training_there_are_losses_alone(self, model, batch):
        model.train()
        loss = model(**batch)["loss"]
        metrics = model.get_metrics(reset=True)
        assert metrics.keys() == {"pos_loss", "chunk_loss"}
        assert sum(metrics.values()) == pytest.approx(float(loss.detach()))
        assert model.get_metrics() == {}

    def test_names_for_each_task(self, model, batch):
        model.eval()
        model(**batch)
        chunk = {f"chunk_{name}" for name in ("loss", "accuracy", "precision", "recall", "f1")}
        assert model.get_metrics(reset=True).keys() == {"pos_loss", "pos_accuracy", *chunk}
        assert model.get_metrics() == {}

    def test_only_tasks_with_gold_labels_are_scored(self, model, batch):
        model.eval()
        metadata = [{"gold": {"pos": each["gold"]["pos"]}} for each in batch["metadata"]]
        labels = {"pos": batch["labels"]["pos"]}
        model(tokens=batch["tokens"], labels=labels, metadata=metadata)
        assert model.get_metrics().keys() == {"pos_loss", "pos_accuracy"}

    def test_values(self, model, batch, monkeypatch):
        """All right but for one token of each task, which breaks one span."""
        ids = {task: each.clamp(min=0).clone() for task, each in batch["labels"].items()}
        ids["pos"][0, 0] = ids["pos"][0, 1]  # Rain VERB
        ids["chunk"][1, 2] = ids["chunk"][1, 4]  # bridge O: The new
        answer_with(monkeypatch, model, ids)
        model.eval()
        for _ in range(2):  # sums up over batches
            model(**batch)
        metrics = model.get_metrics()
        assert metrics["pos_accuracy"] == pytest.approx(11 / 12)
        assert metrics["chunk_accuracy"] == pytest.approx(11 / 12)
        for name in ("precision", "recall", "f1"):
            assert metrics[f"chunk_{name}"] == pytest.approx(5 / 6)

    def test_per_type(self, vocabulary, batch, monkeypatch):
        tasks = {"chunk": {"type": "crf", "encoding": "BIO", "per_type": True}}
        model = make_model(vocabulary, tasks).eval()
        labels = {"chunk": batch["labels"]["chunk"]}
        ids = labels["chunk"].clamp(min=0).clone()
        ids[1, 2] = ids[1, 4]
        answer_with(monkeypatch, model, {"chunk": ids})
        model(tokens=batch["tokens"], labels=labels, metadata=batch["metadata"])
        metrics = model.get_metrics()
        assert metrics["chunk_f1_VP"] == 1.0
        assert metrics["chunk_f1_NP"] == pytest.approx(2 / 3)
        assert metrics["chunk_f1"] == pytest.approx(5 / 6)

    def test_unseen_gold_label_is_an_error_and_stops_nothing(
        self, tmp_path, model, vocabulary, instances, monkeypatch
    ):
        text = DATA.replace("new ADJ I-NP", "new FOREIGN I-NP").replace(
            "Hello INTJ O", "Hi X B-LST"
        )
        unseen = read(tmp_path, text)
        batch = tensors(unseen, vocabulary)
        assert int(batch["labels"]["pos"][1, 1]) == UNKNOWN_LABEL
        assert int(batch["labels"]["chunk"][2, 0]) == UNKNOWN_LABEL
        answer_with(
            monkeypatch,
            model,
            {task: each.clamp(min=0) for task, each in batch["labels"].items()},
        )
        model.eval()
        assert math.isfinite(model(**batch)["loss"].detach())
        metrics = model.get_metrics(reset=True)
        assert metrics["pos_accuracy"] == pytest.approx(10 / 12)
        assert metrics["chunk_accuracy"] == pytest.approx(11 / 12)
        assert metrics["chunk_recall"] == pytest.approx(6 / 7)

        # The CRF leaves out the sentence, the softmax the token.
        known = tensors([unseen[0], unseen[1], unseen[3]], vocabulary)
        del known["metadata"]
        model(**known)
        assert model.get_metrics()["chunk_loss"] == pytest.approx(metrics["chunk_loss"])

    @pytest.mark.parametrize("constrained", [False, True])
    def test_batch_of_unseen_labels_alone_has_no_loss(self, vocabulary, batch, constrained):
        tasks = {**TASKS, "chunk": {**TASKS["chunk"], "constrained": constrained}}
        model = make_model(vocabulary, tasks)
        labels = {task: torch.full_like(each, -1) for task, each in batch["labels"].items()}
        loss = model(tokens=batch["tokens"], labels=labels)["loss"]
        loss.backward()
        assert float(loss.detach()) == 0.0
        assert gradients(model) == {}


class TestErrors:
    def test_no_tasks(self, vocabulary):
        with pytest.raises(ConfigurationError, match="model.tasks is empty"):
            make_model(vocabulary, {})

    def test_task_without_labels(self, vocabulary):
        with pytest.raises(ConfigurationError, match="model.tasks.ner: the training data has no"):
            make_model(vocabulary, {**TASKS, "ner": {"type": "crf"}})

    @pytest.mark.parametrize("level", [2, -1])
    def test_level_out_of_range(self, vocabulary, level):
        tasks = {"pos": {"type": "softmax", "level": level}}
        with pytest.raises(ConfigurationError, match=rf"tasks.pos.level is {level}.*layers 1 to 1"):
            make_model(vocabulary, tasks)

    def test_level_of_the_tokens_needs_own_layers(self, vocabulary):
        tasks = {"pos": {"type": "softmax", "level": 0}}
        with pytest.raises(ConfigurationError, match="tasks.pos.level is 0.*'encoder'"):
            make_model(vocabulary, tasks)

    def test_unknown_encoding(self, vocabulary):
        tasks = {"chunk": {"type": "crf", "encoding": "BIEOS"}}
        with pytest.raises(ConfigurationError, match="model.tasks.chunk.encoding.*BIEOS"):
            make_model(vocabulary, tasks)

    @pytest.mark.parametrize("encoding", [None, "IOBES"])
    def test_encoding_that_disagrees_with_the_reader(self, vocabulary, batch, encoding):
        model = make_model(vocabulary, {**TASKS, "chunk": {"type": "crf", "encoding": encoding}})
        wanted = f"encoding BIO, but model.tasks.chunk.encoding is {encoding}"
        with pytest.raises(ConfigurationError, match=wanted):
            model(**batch)

    def test_labels_of_a_task_without_decoder(self, vocabulary, batch):
        model = make_model(vocabulary, {"pos": {"type": "softmax"}})
        with pytest.raises(ConfigurationError, match="task 'chunk'.*no decoder.*'pos'"):
            model(**batch)

    def test_unknown_decoder(self, vocabulary):
        with pytest.raises(ConfigurationError, match="svm"):
            make_model(vocabulary, {"pos": {"type": "svm"}})


def test_initializer_and_regularizer(vocabulary, batch):
    plain = make_model(vocabulary)
    assert plain.get_regularization_penalty() is None
    model = make_model(
        vocabulary,
        initializer={"regexes": [["tasks.pos.scorer.bias", {"type": "constant", "val": 0.5}]]},
        regularizer={"regexes": [["tasks.pos.scorer.bias", {"type": "l2", "alpha": 2.0}]]},
    )
    bias = model.tasks["pos"].scorer.bias
    assert bool((bias == 0.5).all())
    penalty = model.get_regularization_penalty().detach()
    assert float(penalty) == pytest.approx(2.0 * 0.25 * len(bias))
