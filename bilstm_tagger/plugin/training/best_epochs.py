"""The best epoch of each task: its scores, and its weights."""

import json
import string
from pathlib import Path
from typing import Any, Optional

import torch
from allennlp.common.checks import ConfigurationError
from allennlp.data.data_loaders import MultiProcessDataLoader
from allennlp.models.archival import CONFIG_NAME
from allennlp.nn.util import move_to_device
from allennlp.training import TrainerCallback

from bilstm_tagger.experiments.records import write_text
from bilstm_tagger.plugin.models import BiLSTMTagger
from bilstm_tagger.plugin.training.console import console
from bilstm_tagger.plugin.training.moving_average import averaged
from bilstm_tagger.plugin.training.results_table import Result, ResultsTable
from bilstm_tagger.plugin.training.whole_files import save_whole

RESULTS = "results.tsv"
BEST_EPOCHS = "best_epochs.json"
_FIELDS = {"task", "dev", "test", "epoch"}


@TrainerCallback.register("best_epochs")
class BestEpochsCallback(TrainerCallback):
    """Keeps, for each task that is evaluated, the weights of the epoch that is best on dev.

    In the folder of the training it writes, after every epoch, `results.tsv`, a row for each epoch
    and task, and `best_epochs.json`: task to its best epoch, scores, and file of weights. That file
    is for `allennlp evaluate --weights-file` and `allennlp predict --weights-file`. The archive
    itself has the epoch that is best by `validation_metric`.

    Registered as a `TrainerCallback` with name "best_epochs".

    # Parameters

    score_test : `bool`, optional (default=`True`)
        Whether to score the `test_data_path` of the config, if it has one, after every epoch, for
        the columns of the test set. Nothing is chosen by it.
    weights_name : `str`, optional (default=`"best_{task}.th"`)
        The name of a file of weights; `{task}`, `{dev}`, `{test}` and `{epoch}` are filled in, as
        in `"{task}_{dev:.4f}_{test:.4f}_{epoch}.th"`.
    """

    def __init__(
        self,
        serialization_dir: str,
        score_test: bool = True,
        weights_name: str = "best_{task}.th",
    ) -> None:
        super().__init__(serialization_dir)
        names = {name for _, name, _, _ in string.Formatter().parse(weights_name) if name}
        if "task" not in names or names - _FIELDS:
            raise ConfigurationError(
                f"weights_name must have {{task}}, and may have {{dev}}, {{test}} and {{epoch}}, "
                f"found {weights_name!r}"
            )
        self._folder = Path(serialization_dir)
        self._test_data_path: Any = None
        # The folder's config is that of this training, overrides included. (`find-lr` leaves none.)
        config = self._folder / CONFIG_NAME
        if score_test and config.is_file():
            about = json.loads(config.read_text(encoding="utf-8"))
            self._test_data_path = about.get("test_data_path")
        if "test" in names and self._test_data_path is None:
            raise ConfigurationError(
                "weights_name has {test}: the config needs a test_data_path, and score_test: true"
            )
        self._weights_name = weights_name
        self._table: Optional[ResultsTable] = None
        self._test_loader: Optional[MultiProcessDataLoader] = None

    def on_start(self, trainer: Any, is_primary: bool = True, **kwargs: Any) -> None:
        super().on_start(trainer, is_primary, **kwargs)
        if not isinstance(trainer.model, BiLSTMTagger):
            raise ConfigurationError("the callback 'best_epochs' is for the model 'bilstm_tagger'")
        if trainer._validation_data_loader is None:
            raise ConfigurationError("the callback 'best_epochs' needs a validation_data_path")
        if self._test_data_path is not None:
            loader = trainer._validation_data_loader
            self._test_loader = MultiProcessDataLoader(
                loader.reader,
                self._test_data_path,
                batch_size=loader.batch_size,
                batch_sampler=loader.batch_sampler,
                cuda_device=loader.cuda_device,
            )
            self._test_loader.index_with(trainer.model.vocab)
        if is_primary:
            self._table = ResultsTable(self._folder / RESULTS, self._test_loader is not None)
            self._table.keep_epochs(trainer._start_after_epochs_completed)

    def on_epoch(self, trainer: Any, metrics: dict[str, Any], epoch: int, **kwargs: Any) -> None:
        with averaged(trainer):
            # All workers of a distributed training score: they add up what they have.
            test = {} if self._test_loader is None else self._score(trainer.model)
            if self._table is not None:
                self._keep(trainer.model, metrics, epoch, test)

    def _keep(
        self, model: BiLSTMTagger, metrics: dict[str, Any], epoch: int, test: dict[str, float]
    ) -> None:
        """Writes the scores of an epoch, and the weights where they are the best."""
        assert self._table is not None
        for task, metric in model.main_metrics.items():
            if f"validation_{metric}" not in metrics:
                continue  # an epoch that is not validated
            previous = self._table.best(task)
            result, is_best = self._table.add(
                epoch + 1, task, metric, metrics[f"validation_{metric}"], test.get(metric)
            )
            if is_best:
                weights = self._weights_file(result)
                save_whole(model.state_dict(), weights)
                if previous is not None and self._weights_file(previous) != weights:
                    self._weights_file(previous).unlink(missing_ok=True)
        best: dict[str, dict[str, Any]] = {}
        for result in self._best(model):
            scores = {name: getattr(result, name) for name in ("epoch", "metric", "dev", "test")}
            best[result.task] = scores | {"weights": self._weights_file(result).name}
        write_text(self._folder / BEST_EPOCHS, json.dumps(best, indent=2) + "\n")

    def on_end(self, trainer: Any, **kwargs: Any) -> None:
        for result in self._best(trainer.model):
            console.info(
                "Best epoch of %s: %d, %s: dev %.4f%s, weights in %s",
                result.task,
                result.epoch,
                result.metric,
                result.dev,
                "" if result.test is None else f", test {result.test:.4f}",
                self._weights_file(result),
            )

    def _best(self, model: BiLSTMTagger) -> list[Result]:
        """The best result of each task that has one; none where this process keeps no table."""
        if self._table is None:
            return []
        results = [self._table.best(task) for task in model.main_metrics]
        return [result for result in results if result is not None]

    def _weights_file(self, result: Result) -> Path:
        return self._folder / self._weights_name.format(
            task=result.task, dev=result.dev, test=result.test, epoch=result.epoch
        )

    @torch.no_grad()
    def _score(self, model: BiLSTMTagger) -> dict[str, float]:
        assert self._test_loader is not None
        model.eval()
        model.get_metrics(reset=True)
        device = next(model.parameters()).device
        for batch in self._test_loader:
            model(**move_to_device(batch, device))
        return model.get_metrics(reset=True)
