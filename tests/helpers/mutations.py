"""Files as damage and malice leave them: bytes changed, cut off, and JSON values exchanged for odd ones."""

import json
import struct

from hypothesis import strategies as st

from benchmarks.reliability.mutations import ODD, places, put


def mutated(original: bytes):
    """A strategy for mutations of a file's bytes."""
    position = st.integers(0, len(original) - 1)

    def change(edits):
        data = bytearray(original)
        for place, value in edits:
            data[place] = value
        return bytes(data)

    changed = st.lists(st.tuples(position, st.integers(0, 255)), min_size=1, max_size=8).map(change)
    return st.one_of(changed, position.map(lambda length: original[:length]))


def mutated_json(value):
    """A strategy for a JSON value in which one part, however deep, is an odd one."""
    return st.tuples(st.sampled_from(list(places(value))), st.sampled_from(ODD)).map(lambda edit: put(value, *edit))


def mutated_header(original: bytes, key: str):
    """A strategy for a safetensors file whose metadata under `key` is JSON in which one part is an odd one."""
    length = struct.unpack("<Q", original[:8])[0]
    header, tensors = json.loads(original[8 : 8 + length]), original[8 + length :]

    def rebuild(value):
        header["__metadata__"][key] = json.dumps(value)
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + tensors

    return mutated_json(json.loads(header["__metadata__"][key])).map(rebuild)


def read_or_refused(read, path, known=""):
    """What `read` makes of the path, None where it refuses it by a ValueError that names the file, or is known."""
    try:
        return read(path)
    except ValueError as error:
        if path.name not in str(error) and (not known or known not in str(error)):
            raise
        return None
