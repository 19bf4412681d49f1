"""Tags the file that a client sends, in any form that the command `tag` reads."""

import asyncio
import contextlib
import re
import tempfile
import threading
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Optional

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from bilstm_tagger.server.batching import BatchTagger
from bilstm_tagger.server.clients import until_done_or_left
from bilstm_tagger.server.settings import Limits
from bilstm_tagger.server.waiting import Overloaded, TooManyTokens
from bilstm_tagger.tagging.files.blocks import Block
from bilstm_tagger.tagging.files.input_forms import (
    ITEM_FORMS,
    form_by_ending,
    open_input,
    output_form_for,
)
from bilstm_tagger.tagging.files.settings import TagSettings
from bilstm_tagger.tagging.files.write_back import write_back
from bilstm_tagger.text.errors import UserError
from bilstm_tagger.text.lines import unpacked_file
from bilstm_tagger.text.packing import unpacked_name

_UNUSUAL = re.compile(r"[^\w.-]+", re.ASCII)
_NAME_LENGTH = 100
_ENDINGS = {"json": ".jsonl", "objects": ".jsonl", "lines": ".txt", "conll": ".conll"}
# What messages call as the command does is a parameter here.
_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)")
_MEDIA_TYPES = {"json": "application/jsonl", "objects": "application/jsonl"}
_FIX = "Or tag it with the command 'bilstm-tagger tag'."
# The number of bytes of a file that are read at a time.
_PIECE = 2**16
_TEXT, _BYTES = "text/plain; charset=utf-8", "application/octet-stream"


class TaggedFile(FileResponse):
    """A tagged file as an answer; what it was made from is removed when it is sent."""

    def __init__(self, path: Path, name: str, form: str, folder: contextlib.ExitStack) -> None:
        media_type = _MEDIA_TYPES.get(form, _BYTES if form in ITEM_FORMS else _TEXT)
        super().__init__(path, media_type=media_type, filename=name)
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._folder:
            await super().__call__(scope, receive, send)


class FileTagger:
    """Tags files, some of them at a time.

    # Parameters

    limits : `Limits`
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._turn = asyncio.Semaphore(limits.files)
        self._waiting = 0

    async def __call__(
        self,
        request: Request,
        name: str,
        model: BatchTagger,
        tasks: tuple[str, ...],
        input_form: Optional[str],
        output_form: Optional[str],
    ) -> TaggedFile:
        """Tags a file: the body of a request, its name, what it is tagged with, the tasks, and the
        forms, as of the command `tag`; `None` is what the content looks like, and what goes with
        the input.

        # Errors

        `UserError` for a file that cannot be read or tagged, `TooManyTokens`; `Overloaded` where
        too many are sent or wait; `ClientDisconnect`.
        """
        if self._waiting >= self._limits.waiting_files:
            raise Overloaded
        with contextlib.ExitStack() as stack:
            self._waiting += 1
            stack.callback(self._leave)
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bilstm_tagger_"))
            # The ending counts where the content can be several things.
            path = Path(folder, "input", _safe_name(name))
            path.parent.mkdir()
            with path.open("wb") as file:
                async for piece in request.stream():
                    file.write(piece)
            async with self._turn:
                left = threading.Event()
                tag = partial(self._tag, path, model, tasks, input_form, output_form, left)
                work = asyncio.ensure_future(run_in_threadpool(tag))
                try:
                    await until_done_or_left(request, work)
                finally:
                    left.set()
                output, form = await work
            return TaggedFile(output, _output_name(path, form), form, stack.pop_all())

    def _leave(self) -> None:
        self._waiting -= 1

    def _tag(
        self,
        path: Path,
        model: BatchTagger,
        tasks: tuple[str, ...],
        input_form: Optional[str],
        output_form: Optional[str],
        left: threading.Event,
    ) -> tuple[Path, str]:
        """Tags a file; gives the path of the tagged one, and its form. It stops when the client has
        left."""
        output = path.parent.parent / "output"
        try:
            self._check_unpacked(path)
            with open_input(str(path), input_form) as opened:
                settings = TagSettings(
                    archive="",  # it is loaded
                    source=path.name,
                    input_form=opened.form,
                    output_form=output_form or output_form_for(opened.form),
                    recognised=opened.recognised,
                )
                tagger = model.tagger.with_tasks(tasks)
                tag_block = settings.with_tagger(tagger)
                blocks = self._small(
                    opened.input.blocks(settings.of_columns, settings.starts_sentence(tagger)),
                    left,
                )
                # Block by block, so that other requests are tagged between.
                tagged = (model.call(partial(tag_block, block)).result() for block in blocks)
                with output.open("wb") as file:
                    for piece in self._limited(tagged):
                        file.write(piece)
            if settings.output_form in ITEM_FORMS:
                annotations = output.rename(output.with_name("annotations"))
                write_back(settings.output_form, str(path), str(annotations), str(output))
        except UserError as error:
            raise _for_client(error, path) from None
        return output, settings.output_form

    def _check_unpacked(self, path: Path) -> None:
        """Refuses a small file that becomes a large one, before it does so in memory."""
        left = self._limits.unpacked
        with unpacked_file(path) as content:
            deflated: Any = zlib.decompressobj()  # a .spacy file is packed by zlib
            while left > 0 and (piece := content.read(_PIECE)):
                size = len(piece)
                if deflated is not None:
                    try:
                        size = max(size, len(deflated.decompress(piece, left)))
                    except zlib.error:
                        deflated = None
                left -= size
        if left <= 0:
            most = f"{self._limits.unpacked:,}"
            raise TooManyTokens(f"The file has {most} bytes or more when it is unpacked. {_FIX}")

    def _small(self, blocks: Iterator[Block], left: threading.Event) -> Iterator[Block]:
        """Blocks that other requests can wait for."""
        most = 2 * self._limits.file_tokens  # some lines have no token, and take their time
        for block in blocks:
            if left.is_set():
                raise ClientDisconnect
            if block.first_line - 1 + len(block.lines) > most:
                raise TooManyTokens(f"The file has more than {most:,} lines. {_FIX}")
            if sum(map(len, block.lines)) > self._limits.block:
                raise TooManyTokens(
                    f"Lines that are tagged together, from line {block.first_line:,}, have more "
                    f"than {self._limits.block:,} bytes. Divide long lines and sentences. {_FIX}"
                )
            yield block

    def _limited(self, tagged: Iterator) -> Iterator[bytes]:
        tokens = 0
        for block in tagged:
            tokens += block.tokens
            if tokens > self._limits.file_tokens:
                raise TooManyTokens(
                    f"The file has more than {self._limits.file_tokens:,} tokens. {_FIX}"
                )
            yield block.output


def _safe_name(name: str) -> str:
    """The name of a file as any system, and any header, takes it; with its ending."""
    return _UNUSUAL.sub("_", Path(name).name).strip(".")[-_NAME_LENGTH:] or "file"


def _for_client(error: UserError, path: Path) -> UserError:
    """An error with the name of the file that the client has, and the names of our parameters."""
    message = str(error).replace(str(path), path.name)
    message = _OPTION.sub(lambda match: match[1].replace("-", "_"), message)
    return type(error)(message) if isinstance(error, TooManyTokens) else UserError(message)


def _output_name(path: Path, form: str) -> str:
    """The name of a tagged file, for what was sent. Columns keep their ending."""
    name = Path(unpacked_name(path.name))
    ending = _ENDINGS.get(form, f".{form}")
    if form == "conll" and form_by_ending(name.name) == form:
        ending = name.suffix
    return f"{name.stem}.tagged{ending}"
