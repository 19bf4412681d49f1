import re

from allennlp.models import load_archive

from bilstm_tagger.plugin.training.summary import model_summary

CONFIG = "training_config/multitask_levels.jsonnet"


def test_parts_shapes_numbers_and_tasks(quickstart):
    text = model_summary(quickstart.model)
    model = quickstart.model
    parameters = [each.numel() for each in model.parameters() if each.requires_grad]
    frozen = [each.numel() for each in model.parameters() if not each.requires_grad]
    (total,) = [line for line in text.splitlines() if re.match(r"│ all ", line)]
    assert [int(each.replace(",", "")) for each in re.findall(r"[\d,]+", total)] == [
        sum(parameters),
        sum(frozen),
    ]
    size = model.text_field_embedder.get_output_dim()
    assert re.search(rf"BiLSTM layer 1 +│ {size} -> 100 .*│ chunk, pos", text)
    assert re.search(r"task pos: Softmax, reads layer 1", text)
    assert re.search(rf"tag scores +│ 100 -> {len(model.tasks['chunk'].labels)} .*│ chunk", text)


def test_numbers_of_the_parts_add_up(quickstart):
    *lines, total = [
        line for line in model_summary(quickstart.model).splitlines() if line.startswith("│")
    ]
    for column in (3, 4):
        cells = [line.split("│")[column].strip().replace(",", "") for line in (*lines, total)]
        *parts, whole = [int(cell) for cell in cells if cell]
        assert sum(parts) == whole


def test_levels_own_layers_and_auxiliary_tasks(train, small_vectors, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "110")  # of the terminal, which the table fits
    files = {"ewt": "fixtures/corpus/pos.conllu", "conll2000": "fixtures/corpus/dev.conll"}
    overrides = {
        **small_vectors,
        "train_data_path": files,
        "validation_data_path": files,
        "test_data_path": files,
        "trainer.num_epochs": 1,
        "trainer.validation_metric": "+chunk_f1",
        "model.tasks.pos.evaluate": False,
        "model.task_identifier": True,
    }
    archive = train(CONFIG, tmp_path / "model", overrides)
    text = model_summary(load_archive(archive).model)
    assert re.search(r"BiLSTM layer 1 .*│ chunk, pos", text)
    assert re.search(r"BiLSTM layer 2 .*│ chunk", text)
    assert "reads layer 1, auxiliary" in text
    assert re.search(r"BiLSTM layer 1 +│ 200 -> 100 .*│ chunk", text)  # its own
    assert re.search(r"task identifier +│ -> 2 ", text)
    # And every start of a training shows it.
    assert "The model" in (tmp_path / "model" / "out.log").read_text()
