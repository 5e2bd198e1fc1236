"""The licences of all that the extras bring along, as their packages state them, and the copyleft parts inside wheels.

    python -m benchmarks.licences [-o docs/licences.md]

Run it in an environment with the extra dev (all others are in it), or what lacks is left out.
"""

import argparse
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from benchmarks.dependencies import PROJECT, distributions, project

HEAD = """\
# Licences

ArtNet is under the MIT licence. This is what the packages say that it, and each of its extras, bring along on Linux
(`python -m benchmarks.licences -o docs/licences.md`). The default installation has no GPL in it; its one copyleft part
is FFmpeg (LGPL, without x264) as shared libraries in OpenCV's wheel. Others come with extras only: FFmpeg with x264 and
x265 (GPL) in PyAV, libheif with x265 and libde265 in pillow-heif, libvips (LGPL) in pyvips-binary; pyvirtualcam is GPL
itself. CUDA libraries under NVIDIA's own licence come with torch only. Who ships these on to others has their terms to
keep; whoever only runs them has not. `make sbom` writes the bill of materials of the default installation as CycloneDX.
"""
NOT_FOR_USERS = ("dev", "docs", "release")
COPYLEFT_LIBRARIES = {
    "x264": "GPL-2.0-or-later", "x265": "GPL-2.0-or-later", "xvid": "GPL-2.0-or-later",
    "avcodec": "LGPL, or GPL with x264", "de265": "LGPL-3.0-or-later", "heif": "LGPL-3.0-or-later",
    "vips": "LGPL-2.1-or-later",
}  # fmt: skip
"""Part of a shared library's name -> its licence."""
LEFT_OUT_OF_DEV = {"pyvirtualcam": "GPL-2.0"}
"""Packages that are installed nowhere that this runs -> the licence that they are published under."""


def licence(package: Distribution) -> str:
    """What a package states: an SPDX expression, else its classifiers, else the first line of its field License."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression"):
        return expression
    classifiers = [c.rpartition(" :: ")[2] for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")]
    stated = (metadata.get("License") or "").strip().partition("\n")[0]
    short = stated if 0 < len(stated) <= 40 else ""
    return short.removeprefix("OSI Approved :: ") or ", ".join(classifiers) or "not stated"


def copyleft_inside(package: Distribution) -> dict[str, str]:
    """Shared libraries in a package that are known to be copyleft, by the part of their names, with their licences."""
    names = [path.name for path in package.files or () if re.search(r"\.(so|dll|dylib)(\.|$)", path.name)]
    return {part: of for part, of in COPYLEFT_LIBRARIES.items() if any(part in name.lower() for name in names)}


def found(names: Iterable[str]) -> dict[str, Distribution]:
    """Those of the packages that are installed here, by name."""
    packages = {}
    for name in names:
        with suppress(PackageNotFoundError):
            packages[name] = distribution(name)
    return {name: package for name, package in packages.items() if name != PROJECT}


def comes_with() -> dict[str, list[str]]:
    """Package -> the extras that bring it; none for what every installation has. The default's packages come first."""
    default = distributions()
    brought: dict[str, list[str]] = {name: [] for name in sorted(default)}
    for extra in sorted(set(project()["optional-dependencies"]) - set(NOT_FOR_USERS)):
        for name in sorted(distributions(extra) - default):
            brought.setdefault(name, []).append(extra)
    return brought


def report() -> str:
    """The page, in Markdown."""
    brought = comes_with()
    lines = [HEAD, "| package | licence | copyleft inside | comes with |", "|---|---|---|---|"]
    packages = found(brought)
    for name, extras in brought.items():
        if name in packages:
            inside = ", ".join(f"{part} ({of})" for part, of in copyleft_inside(packages[name]).items()) or "-"
            stated = licence(packages[name])
        elif name in LEFT_OUT_OF_DEV:
            inside, stated = "-", LEFT_OUT_OF_DEV[name]
        else:  # of another system
            continue
        lines.append(
            f"| {name} | {stated} | {inside} | {', '.join(f'`{e}`' for e in extras) or 'every installation'} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    if args.output:
        args.output.write_text(report(), encoding="utf-8")
    else:
        print(report(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
