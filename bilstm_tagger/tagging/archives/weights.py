"""The weights in an archive from anywhere: tensors, and nothing else.

A file of weights is a zip file with a pickle (the names and shapes) and the numbers. Loading a
pickle can run anything, so no pickle is loaded here: of its instructions, the few that declare
tensors are followed, and they make nothing but plain values. The tensors lie in the file's bytes.
"""

import io
import math
import pickletools
import re
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy

from bilstm_tagger.tagging.archives.limits import (
    FIX_ATTACK,
    FIX_TRUST,
    Limits,
    UnsafeModel,
)

_RECORD = re.compile(
    r"[^/]+/(data\.pkl|version|byteorder|\.format_version|\.storage_alignment"
    r"|\.data/serialization_id|data/[0-9]+)"
)
_MAX_PICKLE = 2**22
_MAX_DIMENSIONS = 32

_BFLOAT16 = "bfloat16"
_DTYPES = {
    "torch FloatStorage": "<f4",
    "torch DoubleStorage": "<f8",
    "torch HalfStorage": "<f2",
    "torch BFloat16Storage": _BFLOAT16,
    "torch LongStorage": "<i8",
    "torch IntStorage": "<i4",
    "torch ShortStorage": "<i2",
    "torch CharStorage": "i1",
    "torch ByteStorage": "u1",
    "torch BoolStorage": "?",
}
_DICTIONARY = "collections OrderedDict"
_TENSOR = "torch._utils _rebuild_tensor_v2"
_GLOBALS = {**_DTYPES, _DICTIONARY: _DICTIONARY, _TENSOR: _TENSOR}


class _Storage(NamedTuple):
    """The numbers of one or several tensors, as the pickle declares them."""

    key: str
    dtype: str


class _Tensor(NamedTuple):
    """A tensor as the pickle declares it; offset and strides count numbers, not bytes."""

    storage: _Storage
    offset: int
    size: tuple[int, ...]
    strides: tuple[int, ...]


def _records(data: bytes, where: str) -> dict[str, memoryview]:
    """Name to content of the records in a zip file."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise UnsafeModel(
            where,
            "this is not the zip file that torch saves weights in (before torch 1.6 it was a "
            "pickle)",
            FIX_TRUST,
        )
    records: dict[str, memoryview] = {}
    folders = set()
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            for info in file.infolist():
                folder, _, name = info.filename.partition("/")
                total += info.file_size
                if not _RECORD.fullmatch(info.filename) or name in records:
                    raise UnsafeModel(where, f"unknown record {info.filename!a}", FIX_ATTACK)
                # Records that overlap, or are packed, could unpack to far more than they are.
                if info.compress_type != zipfile.ZIP_STORED or total > len(data):
                    raise UnsafeModel(where, f"the record {name!a} is packed", FIX_ATTACK)
                records[name] = _content(data, file, info)
                folders.add(folder)
    except UnsafeModel:
        raise
    except Exception as error:  # many kinds, on damaged files
        raise UnsafeModel(where, f"its zip file is damaged ({error})") from None
    if len(folders) != 1 or "data.pkl" not in records:
        raise UnsafeModel(where, "its zip file is not of weights")
    if records.get("byteorder", b"little") != b"little":
        raise UnsafeModel(where, "its numbers are not in the order little-endian", FIX_TRUST)
    return records


def _content(data: bytes, file: zipfile.ZipFile, info: zipfile.ZipInfo) -> memoryview:
    """A record without a copy of it, checked as reading checks it."""
    file.open(info).close()  # checks the record's own header, and that it is not encrypted
    header = data[info.header_offset : info.header_offset + 30]
    lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    start = info.header_offset + len(header) + lengths
    content = memoryview(data)[start : start + info.file_size]
    if len(content) != info.compress_size or zlib.crc32(content) != info.CRC:
        raise ValueError(f"the record {info.filename!a} is not as it was written")
    return content


class _Declarations:
    """Follows a pickle to what tensors there are. It makes none, and calls nothing."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self._sizes = sizes
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def read(self, pickle: bytes, where: str) -> Any:
        """What the pickle stands for."""
        try:
            for instruction, argument, _ in pickletools.genops(pickle):
                self._follow(instruction.name, argument, where)
            (state,) = self._stack
        except UnsafeModel:
            raise
        except Exception as error:  # many kinds, on damaged pickles
            what = f"its pickle is damaged, or its tensors are not as declared ({error!r:.200})"
            raise UnsafeModel(where, what) from None
        return state

    def _follow(self, name: str, argument: Any, where: str) -> None:
        stack = self._stack
        match name:
            case "PROTO" | "STOP":
                pass
            case "BINUNICODE" | "BININT" | "BININT1" | "BININT2" | "LONG1":
                stack.append(argument)
            case "NEWTRUE" | "NEWFALSE" | "NONE":
                stack.append({"NEWTRUE": True, "NEWFALSE": False, "NONE": None}[name])
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_TUPLE":
                stack.append(())
            case "MARK":
                self._marks.append(len(stack))
            case "TUPLE":
                stack.append(tuple(self._popped(self._marks.pop())))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                stack.append(tuple(self._popped(len(stack) - int(name[-1]))))
            case "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(self._memo[argument])
            case "GLOBAL":
                if argument not in _GLOBALS:
                    called = str(argument).replace(" ", ".")
                    raise UnsafeModel(where, f"loading it would run {called!a:.200}", FIX_ATTACK)
                stack.append(_GLOBALS[argument])
            case "BINPERSID":
                stack.append(self._storage(*stack.pop()))
            case "REDUCE":
                function, arguments = self._popped(len(stack) - 2)
                stack.append(self._called(function, arguments))
            case "BUILD":
                stack.pop()  # attributes, such as the versions of modules, which nothing reads
            case "SETITEM":
                self._set(self._popped(len(stack) - 2))
            case "SETITEMS":
                self._set(self._popped(self._marks.pop()))
            case _:
                what = f"its pickle holds the instruction {name}, which weights do not"
                raise UnsafeModel(where, what, FIX_ATTACK)

    def _popped(self, start: int) -> list[Any]:
        if not 0 <= start <= len(self._stack):
            raise ValueError("too few values")
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def _set(self, items: list[Any]) -> None:
        keys = items[::2]
        # Other keys are no names, and can take any time to compare.
        if not all(isinstance(key, str) for key in keys):
            raise ValueError("a name is no text")
        self._stack[-1].update(zip(keys, items[1::2], strict=True))

    def _storage(self, kind: Any, dtype: Any, key: Any, _: Any, count: Any) -> _Storage:
        known = kind == "storage" and dtype in _DTYPES.values()
        if not (known and isinstance(key, str) and isinstance(count, int)):
            raise ValueError("what is declared is no storage")
        itemsize = 2 if dtype == _BFLOAT16 else numpy.dtype(dtype).itemsize
        # A record that is too short must not be read behind its end.
        if self._sizes[f"data/{key}"] != count * itemsize:
            raise ValueError(f"record {key!a} is not of the declared size")
        return _Storage(key, dtype)

    def _called(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        if function == _DICTIONARY and arguments == ():
            return {}
        if function != _TENSOR:
            raise ValueError("what is called makes no tensor")
        storage, offset, size, strides = arguments[:4]
        if not (
            isinstance(storage, _Storage)
            and isinstance(size, tuple)
            and isinstance(strides, tuple)
            and len(size) == len(strides) <= _MAX_DIMENSIONS
            and all(type(n) is int and 0 <= n < 2**63 for n in (offset, *size, *strides))
        ):
            raise ValueError("a tensor has an impossible size")
        return _Tensor(storage, offset, size, strides)


def _numbers(storage: _Storage, record: memoryview) -> numpy.ndarray:
    if storage.dtype == _BFLOAT16:  # the upper half of a float32
        halves = numpy.frombuffer(record, "<u2")
        return (halves.astype("<u4") << 16).view("<f4")
    if storage.dtype == "?" and numpy.frombuffer(record, "u1").max(initial=0) > 1:
        raise ValueError("a truth value is neither 0 nor 1")
    return numpy.frombuffer(record, storage.dtype)


def read_weights(
    data: bytes, limits: Limits, where: str = "weights.th"
) -> dict[str, numpy.ndarray]:
    """Name to tensor, of what `torch.save` wrote of a state dict. The tensors lie in `data` and
    cannot be written to; bfloat16 becomes float32. `where` is the name of the file, for messages.

    # Errors

    `UnsafeModel` for anything that is not a dictionary of tensors. It is not run.
    """
    records = _records(data, where)
    pickle = records["data.pkl"]
    if len(pickle) > _MAX_PICKLE:
        raise UnsafeModel(where, f"the names of its tensors take {len(pickle)} bytes", FIX_ATTACK)
    sizes = {name: len(content) for name, content in records.items()}
    state = _Declarations(sizes).read(bytes(pickle), where)
    if not isinstance(state, dict):
        raise UnsafeModel(where, "it holds no dictionary of tensors")
    numbers: dict[_Storage, numpy.ndarray] = {}
    tensors = {}
    total = 0
    for name, declared in state.items():
        if not isinstance(declared, _Tensor):
            raise UnsafeModel(where, f"{name!a:.200} is no tensor")
        storage = declared.storage
        try:
            if storage not in numbers:
                numbers[storage] = _numbers(storage, records[f"data/{storage.key}"])
            tensors[name] = _view(numbers[storage], declared)
        except (ValueError, OverflowError) as error:
            what = f"its tensors are not as declared ({name!a:.200}: {error})"
            raise UnsafeModel(where, what) from None
        # Larger than the file where one number stands for many.
        total += math.prod(declared.size) * tensors[name].itemsize
    if total > limits.tensors:
        raise UnsafeModel(
            where,
            f"its tensors take {total} bytes, the limit is {limits.tensors}",
            "if they have to be so large, raise the limit 'tensors'",
        )
    return tensors


def _view(numbers: numpy.ndarray, declared: _Tensor) -> numpy.ndarray:
    _, offset, size, strides = declared
    last = offset + sum((n - 1) * stride for n, stride in zip(size, strides, strict=True))
    if 0 in size:
        tensor = numpy.zeros(size, numbers.dtype)
    elif last < len(numbers):  # numpy checks that, too, but its own sum can overflow
        in_bytes = [stride * numbers.itemsize for stride in strides]
        start = offset * numbers.itemsize
        tensor = numpy.ndarray(size, numbers.dtype, numbers, start, in_bytes)
    else:
        raise ValueError("it ends behind its record")
    tensor.flags.writeable = False
    return tensor
