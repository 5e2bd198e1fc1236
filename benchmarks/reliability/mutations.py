"""Files as damage and malice leave them: bytes changed, cut or repeated, and odd values where a format says something.

Every mutant is a pure function of an original and of a seeded `random.Random`.
"""

import csv
import io
import json
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 0.5, 1e308, 10**8, 10**9, 10**20, float("nan"), float("inf"), "", "conv1", [], [[]], {},
    [1, "a"], {"a": None},
)  # fmt: skip
"""JSON values that are nowhere meant; some are no JSON but that of Python."""
NUMBERS = (0, 1, 2, 127, 128, 255, 256, 32_767, 65_535, 65_536, 10**8, 10**9, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)
"""Sizes and counts at which something overflows, or asks for memory."""
CELLS = ("", "nan", "inf", "-1e400", "1e308", "x", '"', "1,2,3,4,5", "1;2", "\0", "9" * 200_000)
DEPTH = 100_000

Mutation = Callable[[bytes, random.Random], bytes]


def mutant(original: bytes, chance: random.Random, aware: tuple[Mutation, ...] = ()) -> bytes:
    """A mutant of a file: of its bytes, or by one of the mutations that know its format."""
    if aware and chance.random() < 0.5:
        return chance.choice(aware)(original, chance)
    return of_bytes(original, chance)


def of_bytes(original: bytes, chance: random.Random) -> bytes:
    """One to three changes that need no knowledge of the format."""
    data = bytearray(original)
    for _ in range(chance.choice((1, 1, 2, 3))):
        chance.choice((_flip, _overwrite, _number, _cut, _repeat, _remove))(data, chance)
    return bytes(data)


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 2, 8))):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _overwrite(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    data[at : at + 8] = chance.randbytes(chance.randrange(1, 9))


def _number(data: bytearray, chance: random.Random) -> None:
    """A length, a width or a count, wherever it may stand."""
    size, order = chance.choice((2, 4, 4, 8)), chance.choice("<>")
    head = min(len(data), chance.choice((64, 512, 1 << 30)))
    at = chance.randrange(head + 1)
    value = chance.choice(NUMBERS) & (1 << 8 * size) - 1
    data[at : at + size] = struct.pack(order + {2: "H", 4: "I", 8: "Q"}[size], value)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _piece(data: bytearray, chance: random.Random) -> slice:
    start = chance.randrange(len(data) + 1)
    return slice(start, start + chance.choice((1, 4, 16, 256)))


def _repeat(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    data[at:at] = data[_piece(data, chance)] * chance.choice((1, 1, 100))


def _remove(data: bytearray, chance: random.Random) -> None:
    del data[_piece(data, chance)]


def png_chunks(original: bytes, chance: random.Random) -> bytes:
    """A mutant whose chunks have right lengths and checksums, so that decoders go on to what they say."""
    chunks, at = [], 8
    while at + 12 <= len(original):
        (size,) = struct.unpack_from(">I", original, at)
        chunks.append((original[at + 4 : at + 8], original[at + 8 : at + 8 + size]))
        at += size + 12
    n = chance.randrange(len(chunks))
    kind, body = chunks[n]
    if kind == b"IDAT" and chance.random() < 0.7:
        body = zlib.compress(of_bytes(zlib.decompress(body), chance))
    else:
        body = of_bytes(body, chance)
    chunks[n] = kind, body
    if chance.random() < 0.1:
        chunks.insert(chance.randrange(len(chunks)), chunks[chance.randrange(len(chunks))])
    whole = (struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks)
    return original[:8] + b"".join(whole)


def json_values(original: bytes, chance: random.Random) -> bytes:
    """JSON of which one part, however deep, is an odd one; or far too deep."""
    return _odd_json(original.decode(), chance).encode()


def json_lines(original: bytes, chance: random.Random) -> bytes:
    """The same of one line of several."""
    lines = original.decode().splitlines()
    n = chance.choice([n for n, line in enumerate(lines) if line])
    lines[n] = _odd_json(lines[n], chance)
    return "\n".join(lines).encode()


def safetensors_header(original: bytes, chance: random.Random) -> bytes:
    """A safetensors file whose header says something odd: of a tensor, or in the JSON of its metadata."""
    length = struct.unpack("<Q", original[:8])[0]
    header, tensors = json.loads(original[8 : 8 + length]), original[8 + length :]
    metadata = header["__metadata__"]
    structured = [key for key, value in metadata.items() if value[:1] in ("{", "[")]
    draw = chance.random()
    if structured and draw < 0.5:
        key = chance.choice(structured)
        metadata[key] = _odd_json(metadata[key], chance)
    elif draw < 0.6:
        metadata[chance.choice(list(metadata))] = str(chance.choice(ODD))
    else:
        _odd_tensor(header, chance)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + tensors


def _odd_tensor(header: dict[str, Any], chance: random.Random) -> None:
    """Another name, type or shape of the same number of bytes, mostly, so that the file as such is valid."""
    name = chance.choice([key for key in header if key != "__metadata__"])
    tensor, deed = header[name], chance.randrange(5)
    if deed == 0:
        header[chance.choice(("x", "", name + ".bias", "\0"))] = header.pop(name)
    elif deed == 1:
        tensor["dtype"] = chance.choice(("F16", "BF16", "F32", "F64", "I64", "U8", "BOOL", "F8_E4M3", "C64", "F4"))
    elif deed == 2:
        same = [key for key in header if header[key].get("dtype") == "BF16" or key == name]
        header[chance.choice(same)]["dtype"] = "BF16" if tensor["dtype"] == "F16" else "I32"
    elif deed == 3:
        tensor["shape"] = chance.choice((tensor["shape"][::-1], [*tensor["shape"], 1], [], [0], [10**9], [-1]))
    else:
        del header[name]


def csv_cells(original: bytes, chance: random.Random) -> bytes:
    """A table of which some cells are odd, or a row is of another length."""
    rows = list(csv.reader(io.StringIO(original.decode())))
    for _ in range(chance.choice((1, 1, 3))):
        row = chance.choice(rows)
        if row and chance.random() < 0.8:
            row[chance.randrange(len(row))] = chance.choice(CELLS)
        elif row:
            row.pop() if chance.random() < 0.5 else row.extend(row)
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def npy_header(original: bytes, chance: random.Random) -> bytes:
    """An array file whose header says another shape, type or order."""
    length = struct.unpack_from("<H", original, 8)[0]
    shape = chance.choice(
        ("(-1, 17, 3)", "()", "(0,)", "(9999999999999, 17, 3)", "(5, 17)", "(5.0, 17, 3)", "[5]", "5")
    )
    kind = chance.choice(("'<f8'", "'|O'", "'<U9'", "'<c16'", "[('a', '<f4')]", "None", "'" + "f" * 999 + "'", "'<m8'"))
    header = chance.choice((
        f"{{'descr': {kind}, 'fortran_order': False, 'shape': (5, 17, 3), }}",
        f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}",
        f"{{'descr': {kind}, 'fortran_order': 7, 'shape': {shape}, }}",
        "{" * DEPTH, "(" * 60_000, "-" * 60_000,
    )).encode()  # fmt: skip
    size = len(header) if chance.random() < 0.8 else chance.choice(NUMBERS)
    return original[:8] + struct.pack("<H", size & 0xFFFF) + header + original[10 + length :]


def _odd_json(text: str, chance: random.Random) -> str:
    if chance.random() < 0.05:
        return chance.choice(("[" * DEPTH, '{"a":' * DEPTH, "[" * DEPTH + "]" * DEPTH, "9" * DEPTH))
    value = json.loads(text)
    return json.dumps(put(value, chance.choice(list(places(value))), chance.choice(ODD)))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The keys that lead to every part of a JSON value, the value itself first."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def put(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """The value with another part at a path."""
    if not path:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], odd)
    return copy
