"""The configs of both sides."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

OURS = "ours"
THEIRS = "theirs"
SIDES = (OURS, THEIRS)

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = Path(__file__).resolve().parent / "configs"
# What holds the registered classes of each side.
PACKAGES = {OURS: "bilstm_tagger", THEIRS: "allennlp_models.tagging"}


@dataclass(frozen=True)
class Settings:
    """What varies from run to run; sizes of the network are in `configs/common.libsonnet`.

    # Parameters

    train, test : `str`
        Column files: token, part of speech, chunk.
    vectors : `str`
        The file of word vectors.
    dimension : `int`, optional (default = `100`)
        Of the vectors.
    batch_size : `int`, optional (default = `32`)
        Sentences in a batch.
    """

    train: str
    test: str
    vectors: str
    dimension: int = 100
    batch_size: int = 32

    def config(self, side: str) -> dict[str, Any]:
        """The config of a side as `allennlp train` takes it."""
        import _jsonnet  # type: ignore[import-untyped]

        text = _jsonnet.evaluate_file(
            str(CONFIGS / f"{side}.jsonnet"), ext_vars={"settings": json.dumps(asdict(self))}
        )
        config: dict[str, Any] = json.loads(text)
        return config
