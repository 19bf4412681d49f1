"""Shows at the start of a training what is trained."""

import io
import shutil
from collections.abc import Iterator
from typing import Any

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.training import TrainerCallback
from rich.console import Console
from rich.table import Table

from bilstm_tagger.plugin.models import BiLSTMTagger
from bilstm_tagger.plugin.modules.bilstm_encoder import BiLSTMEncoder
from bilstm_tagger.plugin.training.console import console

_WIDTH = 110
# Part, shape, module for its parameters, the tasks that it serves.
_Row = tuple[str, str, torch.nn.Module, str]


@TrainerCallback.register("model_summary")
class ModelSummaryCallback(TrainerCallback):
    """Shows a table of the model at the start of a training: its parts, their shapes and numbers of
    parameters, and which tasks share them.

    Registered as a `TrainerCallback` with name "model_summary".
    """

    def on_start(self, trainer: Any, is_primary: bool = True, **kwargs: Any) -> None:
        super().on_start(trainer, is_primary, **kwargs)
        if not isinstance(trainer.model, BiLSTMTagger):
            raise ConfigurationError(
                "the callback 'model_summary' is for the model 'bilstm_tagger'"
            )
        if is_primary:
            console.info("\n%s", model_summary(trainer.model))


def _layers(encoder: BiLSTMEncoder, used_by: list[str]) -> Iterator[_Row]:
    size = encoder.input_size
    for number, (layer, output) in enumerate(
        zip(encoder.layers, encoder.output_sizes, strict=True)
    ):
        yield f"  BiLSTM layer {number + 1}", f"{size} -> {output}", layer, used_by[number]
        size = output


def _rows(model: BiLSTMTagger) -> Iterator[_Row]:
    tasks = model.decoders()
    everyone = ", ".join(tasks)
    embedder = model.text_field_embedder
    yield "embedder", f"-> {embedder.get_output_dim()}", torch.nn.Module(), everyone
    for name, module in embedder.named_children():
        shape = f"-> {module.get_output_dim()}" if hasattr(module, "get_output_dim") else ""
        name = name.removeprefix("token_embedder_")
        yield f"  {name}: {type(module).__name__}", shape, module, everyone
    if model.task_identifier:
        yield "task identifier", f"-> {len(tasks)}", torch.nn.Module(), everyone
    encoder = model.encoder
    yield "shared encoder", "", torch.nn.Module(), everyone
    levels = range(1, len(encoder.output_sizes) + 1)
    serves = [
        [name for name, decoder in tasks.items() if decoder.level >= level] for level in levels
    ]
    yield from _layers(encoder, [", ".join(names) or "no task" for names in serves])
    for name, decoder in tasks.items():
        kind = type(decoder).__name__.removesuffix("Decoder")
        layer = f"layer {decoder.level}" if decoder.level else "the embedded tokens"
        role = "" if decoder.evaluate else ", auxiliary"
        title = f"task {name}: {kind}, reads {layer}{role}"
        yield title, "", torch.nn.Module(), name
        if decoder.encoder is not None:
            yield from _layers(decoder.encoder, [name] * len(decoder.encoder.output_sizes))
        shape = f"{decoder.scorer.in_features} -> {decoder.scorer.out_features}"
        yield "  tag scores", shape, decoder.scorer, name
        for part, module in decoder.named_children():
            if module not in (decoder.encoder, decoder.scorer):
                yield f"  {part}", "", module, name


def _counts(module: torch.nn.Module) -> tuple[str, str]:
    """Numbers of the parameters that are trained, and of those that are frozen."""
    sizes: dict[bool, list[int]] = {True: [], False: []}
    for parameter in module.parameters():
        sizes[parameter.requires_grad].append(parameter.numel())
    trained, frozen = (f"{sum(of_kind):,}" if of_kind else "" for of_kind in sizes.values())
    return trained, frozen


def model_summary(model: BiLSTMTagger) -> str:
    """A table of the parts of a model: shapes, numbers of parameters, which are trained, and which
    tasks they serve."""
    table = Table(title="The model")
    for heading in ("part", "shape", "trained", "frozen", "serves"):
        table.add_column(heading, justify="right" if heading in ("trained", "frozen") else "left")
    for part, shape, module, serves in _rows(model):
        table.add_row(part, shape, *_counts(module), serves)
    table.add_section()
    table.add_row("all", "", *_counts(model), "")
    return text_of(table)


def text_of(table: Table) -> str:
    """A table as text, no wider than the terminal."""
    stream = io.StringIO()
    width = min(shutil.get_terminal_size((_WIDTH, 0)).columns, _WIDTH)
    Console(file=stream, width=width).print(table)
    return stream.getvalue()
