"""A large run in shards: each finished one is kept beside the output, and is not done again after
an interruption."""

import dataclasses
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, islice
from pathlib import Path
from typing import Any, Optional

from filelock import FileLock, Timeout

from bilstm_tagger.tagging.files.block_reader import STDIN
from bilstm_tagger.tagging.files.blocks import Block, BlockTagger, Skipped, TaggedBlock
from bilstm_tagger.tagging.files.output_file import STDOUT
from bilstm_tagger.tagging.files.settings import TagSettings
from bilstm_tagger.tagging.loading import find_model
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.files import write_whole

MANIFEST = "manifest.json"
_LOCK = "lock"


@dataclasses.dataclass(slots=True)
class Shard:
    """Consecutive blocks."""

    index: int  # from 0, in the order of the input
    blocks: list[Block]  # at least one

    @property
    def lines(self) -> tuple[int, int]:
        """The numbers of its first and of its last line in the input, from 1."""
        last = self.blocks[-1]
        return self.blocks[0].first_line, last.first_line + len(last.lines) - 1

    def tagged(self, tagger: BlockTagger) -> TaggedBlock:
        """What becomes of its blocks, as that of one block; the index is that of the shard."""
        done = list(map(tagger, self.blocks))
        return TaggedBlock(
            self.index,
            b"".join(block.output for block in done),
            sum(block.sentences for block in done),
            sum(block.tokens for block in done),
            [skipped for block in done for skipped in block.skipped],
        )


class ShardedRun:
    """The state of a run, in the folder `OUTPUT.shards`: `manifest.json`, which says what the run
    is, and for each finished shard its output, `00000000.out`, and a record of it, `00000000.json`.
    Each of these files is whole or is not there, whenever the process or the machine dies.

    Use as a context. Meanwhile no other process can have the run. When it is left without an error,
    and the run is `complete`, or nothing is finished at all, the folder is removed.

    # Parameters

    output : `str`
        The file where the output is to be.
    files, settings : `Mapping[str, Any]`
        What the output depends on: files, by what they are (`input`, `model`, ...), and all else,
        as for JSON. A run whose `input` is no file, but `None` (standard input) or a pipe, starts
        anew each time.
    blocks_per_shard : `int`, optional (default=`16`)
        A shard is lost as a whole when a worker dies, and is held in memory as a whole.

    # Errors

    `UserError` for an output that is no file. On entering also where the folder is that of
    another run, or another process has it, and `FileNotFoundError` for a missing file.
    """

    def __init__(
        self,
        output: str,
        files: Mapping[str, Optional[str]],
        settings: Mapping[str, Any],
        blocks_per_shard: int = 16,
    ) -> None:
        if output == STDOUT or (os.path.exists(output) and not os.path.isfile(output)):
            raise UserError(
                f"-o {output}: expected the name of a file, beside which what is finished is kept; "
                "name one"
            )
        self.output = Path(os.path.realpath(output))
        self.folder = self.output.with_name(f"{self.output.name}.shards")
        self.files = files
        self.settings = settings
        self.blocks_per_shard = blocks_per_shard
        self.complete = False
        self._lock = FileLock(self.folder / _LOCK, timeout=0)

    @classmethod
    def of(cls, settings: TagSettings, path: str, output: str) -> "ShardedRun":
        """The run of a command, with the path of its input, `"-"` for standard input."""
        files = {
            "input": None if path == STDIN else path,
            "model": os.fspath(find_model(settings.archive)),
            "vectors": settings.vectors,
        }
        others = dataclasses.asdict(settings)
        # Files, however they are written; a name for messages.
        for name in ("archive", "vectors", "source"):
            del others[name]
        return cls(output, files, others)

    def __enter__(self) -> "ShardedRun":
        manifest = self._manifest()
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise UserError(
                f"{self.output} is being made by another process; wait for it, or name another "
                "output"
            ) from None
        try:
            self._claim(manifest)
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, kind: Optional[type[BaseException]], *_: object) -> None:
        if (kind is None and self.complete) or not self._records():
            shutil.rmtree(self.folder)
        self._lock.release()

    def shards(self, blocks: Iterable[Block]) -> Iterator[Shard]:
        """The shards of the input, as they are asked for."""
        coming = iter(blocks)
        some = iter(lambda: list(islice(coming, self.blocks_per_shard)), [])
        return map(Shard, count(), some)

    def finished(self, index: int) -> Optional[TaggedBlock]:
        """What became of a shard; `None` where it is not finished, or was damaged since."""
        try:
            record = json.loads(self._path(index, "json").read_bytes())
            output = self._path(index, "out").read_bytes()
            skipped = [Skipped(**reason) for reason in record["skipped"]]
            found = TaggedBlock(index, output, record["sentences"], record["tokens"], skipped)
            return found if _record(found) == record else None
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self, tagged: TaggedBlock) -> None:
        """Keeps what became of a shard."""
        # The record comes last: where there is one, there is an output.
        write_whole(self._path(tagged.index, "out"), tagged.output, sync=True)
        write_whole(self._path(tagged.index, "json"), _as_json(_record(tagged)), sync=True)

    def _path(self, index: int, ending: str) -> Path:
        return self.folder / f"{index:08d}.{ending}"

    def _records(self) -> list[Path]:
        return list(self.folder.glob("[0-9]*.json"))

    def _manifest(self) -> dict[str, Any]:
        """What the run is, as it is read from a file."""
        files = {
            f"{name} file": None if path is None else _facts(path)
            for name, path in self.files.items()
        }
        settings = {**self.settings, "blocks per shard": self.blocks_per_shard}
        return json.loads(json.dumps({**files, "settings": settings}))

    def _claim(self, manifest: dict[str, Any]) -> None:
        """Makes the folder that of this run, unless it is."""
        path = self.folder / MANIFEST
        fix = f"delete {self.folder} to start anew, or name another output"
        try:
            found = json.loads(path.read_bytes())
        except FileNotFoundError:
            # A new folder, or one that was hardly begun.
            names = [file.name for file in self.folder.iterdir()]
            if any(name != _LOCK and not name.startswith(f".{MANIFEST}") for name in names):
                raise UserError(
                    f"{self.folder} is in the way: it is not what an interrupted run leaves; {fix}"
                ) from None
            write_whole(path, _as_json(manifest), sync=True)
            return
        except ValueError as error:
            raise UserError(f"{path} is damaged ({error}); {fix}") from None
        if found != manifest:
            differences = "; ".join(_differences(found, manifest))
            raise UserError(
                f"{self.folder} is of another run, which cannot be continued: {differences}; {fix}"
            )
        if manifest.get("input file") is None:
            for record in self._records():
                record.unlink()


def _record(tagged: TaggedBlock) -> dict[str, Any]:
    """What is kept of a shard beside its output, and tells whether that is still the same."""
    return {
        "size": len(tagged.output),
        "sha256": hashlib.sha256(tagged.output).hexdigest(),
        "sentences": tagged.sentences,
        "tokens": tagged.tokens,
        "skipped": list(map(dataclasses.asdict, tagged.skipped)),
    }


def _facts(path: str) -> Optional[dict[str, Any]]:
    """What tells whether a file is still the same; `None` for what is no file."""
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        return None
    return {"path": os.path.abspath(path), "size": status.st_size, "mtime": status.st_mtime_ns}


def _differences(then: Any, now: Any, name: str = "") -> Iterator[str]:
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted(then.keys() | now.keys()):
            yield from _differences(then.get(key), now.get(key), f"{name} {key}".lstrip())
    elif then != now:
        yield f"{name} was {json.dumps(then)}, is now {json.dumps(now)}"


def _as_json(found: Mapping[str, Any]) -> bytes:
    return json.dumps(found, indent=1).encode() + b"\n"
