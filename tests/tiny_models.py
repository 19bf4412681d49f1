"""Models that read whole sentences, tiny and of random numbers."""

import json
from pathlib import Path

import h5py
import numpy
from transformers import BertConfig, BertModel, BertTokenizerFast


def make_elmo(folder: Path) -> tuple[str, str]:
    """An ELMo with vectors of 8 numbers; the files of its options and weights."""
    size, cells = 4, 6
    filters = [[1, 2], [2, 2]]
    options = {
        "lstm": {
            "use_skip_connections": True,
            "projection_dim": size,
            "cell_clip": 3,
            "proj_clip": 3,
            "dim": cells,
            "n_layers": 2,
        },
        "char_cnn": {
            "activation": "relu",
            "filters": filters,
            "n_highway": 1,
            "embedding": {"dim": 3},
            "n_characters": 262,
            "max_characters_per_token": 50,
        },
    }
    (folder / "options.json").write_text(json.dumps(options))
    random = numpy.random.default_rng(3)

    def numbers(*shape: int) -> numpy.ndarray:
        return random.normal(scale=0.1, size=shape).astype("float32")

    with h5py.File(folder / "weights.hdf5", "w") as weights:
        weights["char_embed"] = numbers(261, 3)
        for index, (width, number) in enumerate(filters):
            weights[f"CNN/W_cnn_{index}"] = numbers(1, width, 3, number)
            weights[f"CNN/b_cnn_{index}"] = numbers(number)
        total = sum(number for _, number in filters)
        for name, shape in (
            ("W_transform", (total, total)),
            ("b_transform", (total,)),
            ("W_carry", (total, total)),
            ("b_carry", (total,)),
        ):
            weights[f"CNN_high_0/{name}"] = numbers(*shape)
        weights["CNN_proj/W_proj"], weights["CNN_proj/b_proj"] = numbers(total, size), numbers(size)
        for direction in range(2):
            for layer in range(2):
                cell = f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell"
                weights[f"{cell}/W_0"] = numbers(2 * size, 4 * cells)
                weights[f"{cell}/B"] = numbers(4 * cells)
                weights[f"{cell}/W_P_0"] = numbers(cells, size)
    return str(folder / "options.json"), str(folder / "weights.hdf5")


def make_bert(folder: Path) -> str:
    """A BERT of two layers, with vectors of 8 numbers; its folder."""
    folder.mkdir(exist_ok=True)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    pieces += [f"##{letter}" for letter in letters]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=True).save_pretrained(str(folder))
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=8,
    )
    BertModel(config).save_pretrained(str(folder))
    return str(folder)
