"""The weights in an archive from anywhere: tensors, and nothing else.

A file of weights is a zip file with a pickle (the names and shapes) and the numbers. Loading a
pickle can run anything. `torch.load(weights_only=True)` runs little, but reads packed records of
any size; so both parts are checked before torch sees them.
"""

import io
import math
import pickle
import pickletools
import re
import zipfile
from collections import OrderedDict
from typing import Any, NamedTuple

import torch

from bilstm_tagger.tagging.archives.limits import (
    MEND_ATTACK,
    MEND_DAMAGED,
    MEND_TRUST,
    Limits,
    UnsafeArchive,
)

_RECORD = re.compile(
    r"[^/]+/(data\.pkl|version|byteorder|\.format_version|\.storage_alignment"
    r"|\.data/serialization_id|data/[0-9]+)"
)
_MAX_PICKLE = 2**22

# What `torch.save` needs for a dictionary of tensors.
_INSTRUCTIONS = frozenset(
    "PROTO STOP MARK EMPTY_DICT EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 BINUNICODE BININT BININT1 "
    "BININT2 LONG1 NEWTRUE NEWFALSE NONE BINPUT LONG_BINPUT BINGET LONG_BINGET GLOBAL BINPERSID "
    "REDUCE BUILD SETITEM SETITEMS".split()
)


class _Tensor(NamedTuple):
    """A tensor as the pickle declares it."""

    size: tuple[int, ...]
    itemsize: int


class _Declare:
    """Stands in for the function that makes a tensor. A pickle cannot set attributes of it."""

    __slots__ = ()

    def __call__(self, dtype: torch.dtype, offset: int, size: tuple[int, ...], *_: Any) -> _Tensor:
        if not all(isinstance(each, int) and each >= 0 for each in size):
            raise ValueError(f"a tensor of size {size}")
        return _Tensor(size, dtype.itemsize)


_GLOBALS: dict[str, Any] = {
    "collections OrderedDict": OrderedDict,
    "torch._utils _rebuild_tensor_v2": _Declare(),
    "torch FloatStorage": torch.float32,
    "torch DoubleStorage": torch.float64,
    "torch HalfStorage": torch.float16,
    "torch BFloat16Storage": torch.bfloat16,
    "torch LongStorage": torch.int64,
    "torch IntStorage": torch.int32,
    "torch ShortStorage": torch.int16,
    "torch CharStorage": torch.int8,
    "torch ByteStorage": torch.uint8,
    "torch BoolStorage": torch.bool,
}


class _Declarations(pickle.Unpickler):
    """Reads what tensors there are. It makes none, and calls nothing but `_Declare`."""

    def __init__(self, data: bytes, sizes: dict[str, int]) -> None:
        super().__init__(io.BytesIO(data))
        self._sizes = sizes

    def find_class(self, module: str, name: str) -> Any:
        return _GLOBALS[f"{module} {name}"]

    def persistent_load(self, identifier: Any) -> torch.dtype:
        kind, dtype, key, _, elements = identifier
        # A record that is too short must not be read behind its end.
        if kind != "storage" or self._sizes[f"data/{key}"] != elements * dtype.itemsize:
            raise ValueError(f"record {key!r} is not of {elements!r} numbers")
        return dtype


def _refuse(where: str, what: str, mend: str = MEND_DAMAGED) -> UnsafeArchive:
    return UnsafeArchive(where, what, mend)


def _records(data: bytes, where: str) -> tuple[str, dict[str, bytes]]:
    """The name of the folder in a zip file, and name to content."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise _refuse(
            where,
            "this is not the zip file that torch saves weights in (before torch 1.6 it was a "
            "pickle)",
            MEND_TRUST,
        )
    records: dict[str, bytes] = {}
    folders = set()
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            for info in file.infolist():
                folder, _, name = info.filename.partition("/")
                total += info.file_size
                if not _RECORD.fullmatch(info.filename) or name in records:
                    raise _refuse(where, f"unknown record {info.filename!a}", MEND_ATTACK)
                # Records that overlap, or are packed, could unpack to far more than they are.
                if info.compress_type != zipfile.ZIP_STORED or total > len(data):
                    raise _refuse(where, f"the record {name!a} is packed", MEND_ATTACK)
                records[name] = file.read(info)
                folders.add(folder)
    except UnsafeArchive:
        raise
    except Exception as error:  # many kinds, on damaged files
        raise _refuse(where, f"its zip file is damaged ({error})") from None
    if len(folders) != 1 or "data.pkl" not in records:
        raise _refuse(where, "its zip file is not of weights")
    return folders.pop(), records


def _check_pickle(data: bytes, where: str) -> None:
    """Looks at instructions; runs none."""
    if len(data) > _MAX_PICKLE:
        raise _refuse(where, f"the names of its tensors take {len(data)} bytes", MEND_ATTACK)
    try:
        for instruction, argument, _ in pickletools.genops(data):
            if instruction.name == "GLOBAL" and argument not in _GLOBALS:
                called = str(argument).replace(" ", ".")
                raise _refuse(where, f"loading it would run {called!a}", MEND_ATTACK)
            if instruction.name not in _INSTRUCTIONS:
                what = f"its pickle holds the instruction {instruction.name}, which weights do not"
                raise _refuse(where, what, MEND_ATTACK)
            # Python's reader makes room for as many objects as that.
            if instruction.name == "LONG_BINPUT" and int(argument or 0) > len(data):
                raise _refuse(where, "its pickle claims objects that it has not", MEND_ATTACK)
    except UnsafeArchive:
        raise
    except Exception as error:
        raise _refuse(where, f"its pickle is damaged ({error})") from None


def _check_tensors(records: dict[str, bytes], limits: Limits, where: str) -> None:
    sizes = {name: len(content) for name, content in records.items()}
    try:
        state = _Declarations(records["data.pkl"], sizes).load()
    except Exception as error:
        raise _refuse(where, f"its tensors are not as declared ({error!r:.200})") from None
    declared = _dictionary(state, _Tensor, where)
    total = sum(math.prod(each.size) * each.itemsize for each in declared.values())
    _check_total(total, limits, where)


def _dictionary(state: Any, wanted: type, where: str) -> dict[str, Any]:
    if not isinstance(state, dict):
        raise _refuse(where, "it holds no dictionary of tensors")
    # Not `state.items()`: a pickle may give its dictionary attributes of such names.
    plain = dict(dict.items(state))
    for name, value in plain.items():
        if not isinstance(name, str) or not isinstance(value, wanted):
            raise _refuse(where, f"{name!a:.200} is no tensor")
    return plain


def _check_total(total: int, limits: Limits, where: str) -> None:
    if total > limits.tensors:
        raise _refuse(
            where,
            f"its tensors take {total} bytes, the limit is {limits.tensors}",
            "if they have to be so large, raise the limit 'tensors'",
        )


def read_weights(
    data: bytes, limits: Limits, trust: bool = False, where: str = "weights.th"
) -> dict[str, torch.Tensor]:
    """Name to tensor, on the CPU.

    # Parameters

    data : `bytes`
        What `torch.save` wrote of a state dict.
    limits : `Limits`
        How large the tensors may be.
    trust : `bool`, optional (default=`False`)
        Whether to leave all checks to `torch.load(weights_only=True)`.
    where : `str`, optional (default=`"weights.th"`)
        The name of the file, for messages.

    # Errors

    `UnsafeArchive` for anything that is not a dictionary of tensors. It is not run.
    """
    if not trust:
        folder, records = _records(data, where)
        _check_pickle(records["data.pkl"], where)
        _check_tensors(records, limits, where)
        # Written anew, so that torch cannot read the zip file in another way than it was checked.
        checked = io.BytesIO()
        with zipfile.ZipFile(checked, "w") as file:
            for name in list(records):
                file.writestr(f"{folder}/{name}", records.pop(name))
        data = checked.getvalue()
    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).split("WeightsUnpickler error:")[-1].strip().split("\n")[0]
        what = f"torch refuses to load it as weights alone ({reason:.200})"
        raise _refuse(where, what, MEND_ATTACK) from None
    tensors = _dictionary(state, torch.Tensor, where)
    _check_total(sum(t.numel() * t.element_size() for t in tensors.values()), limits, where)
    return tensors
