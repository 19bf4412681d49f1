"""Tensors and a header in one file, mapped into memory when it is read.

The format is safetensors. Its library checks that the tensors fill the file without gaps and
overlaps; what it accepts and we do not is checked here.
"""

import json
import mmap
import os
import stat
from collections.abc import Mapping
from typing import Any, Optional

import numpy
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from bilstm_tagger.tagging.archives.limits import UnsafeModel
from bilstm_tagger.text.errors import PathLike
from bilstm_tagger.text.files import write_whole
from bilstm_tagger.text.json_values import unique_keys

_HEADER = "bilstm_tagger"
_MAX_HEADER = 2**22  # the library would read 100 MB
_DTYPES: dict[str, numpy.dtype[Any]] = {
    "F16": numpy.dtype("<f2"),
    "F32": numpy.dtype("<f4"),
    "U8": numpy.dtype("u1"),
    "I32": numpy.dtype("<i4"),
    "I64": numpy.dtype("<i8"),
}
_BLOCK = 2**18  # fits into the cache of a core

_FIX_NAME = "name a model file"
_FIX_DAMAGED = "the file is damaged or is no model file: fetch it or export it anew"
_FIX_NOT_FINITE = "the training has diverged or the file is damaged: use other weights"


def check_finite(tensors: Mapping[str, numpy.ndarray], mapping: Optional[mmap.mmap] = None) -> None:
    """Raises `UnsafeModel`, which names the tensor, where a weight is infinite or NaN.

    Of the file that the tensors lie in, if any, what was looked at is given back to the system: a
    table of words, of which a sentence needs a few, need not be in memory.
    """
    for name, tensor in tensors.items():
        if tensor.dtype.kind == "f" and not _is_finite(tensor, mapping):
            where = f"tensor {name!a:.200}"
            raise UnsafeModel(where, "a value is infinite or NaN", _FIX_NOT_FINITE)


def _is_finite(tensor: numpy.ndarray, mapping: Optional[mmap.mmap]) -> bool:
    """Compares bit patterns: as integers, those of infinity and NaN are the largest of their sign.

    This is exact, needs no memory, and takes the same time for half precision, for which numpy's
    arithmetic is slow.
    """
    bits = tensor.reshape(-1)
    signed, unsigned = (bits.view(bits.dtype.str.replace("f", kind)) for kind in "iu")
    infinities = numpy.array([numpy.inf, -numpy.inf], bits.dtype).view(unsigned.dtype)
    positive, negative = infinities.tolist()
    step = _BLOCK // bits.itemsize
    for start in range(0, len(bits), step):
        block = slice(start, start + step)
        if signed[block].max() >= positive or unsigned[block].max() >= negative:
            return False
        if mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
            mapping.madvise(mmap.MADV_DONTNEED)
    return True


def write_tensors(path: PathLike, tensors: Mapping[str, numpy.ndarray], header: str) -> None:
    """Writes a file as a whole: after a crash or an error the old one is there still.

    # Parameters

    tensors : `Mapping[str, numpy.ndarray]`
        Name to tensor, of type float16, float32, uint8, int32 or int64. Any strides are allowed.
    header : `str`
        A JSON object, which says what the tensors are.

    # Errors

    `UnsafeModel` for a tensor that has infinite or NaN values. `TypeError` for other types.
    """
    for name, tensor in tensors.items():
        if tensor.dtype.newbyteorder("<") not in _DTYPES.values():
            raise TypeError(f"tensor {name!r}: the type {tensor.dtype} cannot be written")
    check_finite(tensors)
    # The library takes the bytes as they lie in memory.
    dense = {
        name: numpy.asarray(tensor, tensor.dtype.newbyteorder("<"), order="C")
        for name, tensor in tensors.items()
    }
    # Not by the library's own writing to a file: only its owner may read what that makes.
    write_whole(path, save(dense, {_HEADER: header}))


def read_tensors(path: PathLike) -> tuple[str, dict[str, numpy.ndarray]]:
    """The header of a file from anywhere, and name to tensor.

    The tensors lie in the file, which is mapped into memory: they cannot be written to, and the
    file must not be changed in place while they are used.

    # Errors

    `UnsafeModel` for everything that cannot be read or is not as `write_tensors` writes it.
    """
    try:
        mapping = _map(path)
        header, tensors = _read(path, mapping)
        check_finite(tensors, mapping)
    except UnsafeModel as error:
        raise error.at(path) from None
    return header, tensors


def _map(path: PathLike) -> mmap.mmap:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISREG(mode) and os.path.getsize(path):  # a pipe would block when opened
            with open(path, "rb") as file:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnsafeModel("", f"it cannot be opened ({reason})", _FIX_NAME) from None
    kind = "a folder" if stat.S_ISDIR(mode) else "no file, or an empty one"
    raise UnsafeModel("", f"this is {kind}", _FIX_NAME)


def _read(path: PathLike, mapping: mmap.mmap) -> tuple[str, dict[str, numpy.ndarray]]:
    length = int.from_bytes(mapping[:8], "little")
    if length > _MAX_HEADER:
        what = f"its header of {length} bytes is over the limit of {_MAX_HEADER}"
        what = f"this is no safetensors file, or {what}"
        raise UnsafeModel("", what, _FIX_DAMAGED)
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            slices = {name: file.get_slice(name) for name in file.offset_keys()}
            declared = {name: (s.get_dtype(), s.get_shape()) for name, s in slices.items()}
    except (SafetensorError, OSError) as error:
        reason = str(error).removeprefix("Error while deserializing header: ")
        what = f"this is no whole safetensors file ({reason:.300})"
        raise UnsafeModel("", what, _FIX_DAMAGED) from None
    start = 8 + length
    _check_json(mapping[8:start], "the names of its tensors")
    if _HEADER not in metadata:
        what = f"its metadata have no entry {_HEADER!r}, as a model of this package has"
        raise UnsafeModel("", what, _FIX_NAME)
    _check_json(metadata[_HEADER], "header")
    tensors = {}
    for name, (kind, shape) in declared.items():
        where = f"tensor {name!a:.200}"
        if kind not in _DTYPES:
            what = f"its type is {kind}, and can only be {', '.join(_DTYPES)}"
            raise UnsafeModel(where, what, _FIX_DAMAGED)
        try:
            # The library returns the names in the order of the tensors in the file.
            tensors[name] = numpy.ndarray(tuple(shape), _DTYPES[kind], mapping, start)
        except (ValueError, OverflowError, TypeError) as error:
            what = f"its shape is impossible ({error})"  # no elements, but huge dimensions
            raise UnsafeModel(where, what, _FIX_DAMAGED) from None
        start += tensors[name].nbytes
    return metadata[_HEADER], tensors


def _check_json(text: str | bytes, where: str) -> None:
    """Of keys that come twice, the library takes the last."""
    try:
        if isinstance(json.loads(text, object_pairs_hook=unique_keys), dict):
            return
        reason = "no object"
    except ValueError as error:
        reason = str(error)
    except RecursionError:
        reason = "it is nested too deep"
    raise UnsafeModel(where, f"this is no JSON object ({reason:.200})", _FIX_DAMAGED)
