"""The file of training_steps: named float32 arrays and text, in the safetensors format."""

import json
import pathlib
import struct

import numpy


def read(path: str | pathlib.Path) -> tuple[dict[str, numpy.ndarray], dict[str, str]]:
    """Arrays in double precision, by name, and the metadata."""
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(data[8 + size + begin : 8 + size + end], dtype="<f4")
        arrays[name] = values.reshape(entry["shape"]).astype(numpy.float64)
    return arrays, metadata


def parameters(arrays: dict[str, numpy.ndarray], step: int) -> dict[str, numpy.ndarray]:
    """Tensors as they are after `step` steps."""
    prefix = f"step{step}/"
    return {name[len(prefix) :]: a for name, a in arrays.items() if name.startswith(prefix)}


def tables(params: dict) -> list[str]:
    """Names of the embedding tables in the order of the codes' columns."""
    names = [name for name in params if name.endswith("/table")]
    return sorted(names, key=lambda name: int(name.split("/")[0].removeprefix("embedding_")))
