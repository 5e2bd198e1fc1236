"""Fetch the run-time of the local page from npm anew, and see that it is what is committed. For developers only.

    python -m benchmarks.local_runtime            compares
    python -m benchmarks.local_runtime --write    puts the files there

`apps/local/assets/runtime/packages.json` names packages, versions, the integrity of their archives as npm gives it
(`npm view NAME@VERSION dist.integrity`), and the files that are taken from `dist/`. To go to a newer version, change it
there and --write. Needs npm.
"""

import argparse
import base64
import hashlib
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from apps.local.building import ASSETS

FOLDER = ASSETS / "runtime"


def fetched(folder: Path, package: str, integrity: str) -> Path:
    """The archive of NAME@VERSION, fetched into a folder. ValueError where it is not the one that is pinned."""
    command = ["npm", "pack", package, "--silent", "--pack-destination", str(folder)]
    archive = folder / subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
    got = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if got != integrity:
        raise ValueError(f"{package} has the integrity {got}, not {integrity}")
    return archive


def files_of(archive: Path, names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Files of a package's dist/. KeyError where one is not there."""
    with tarfile.open(archive) as package:
        for name in names:
            file = package.extractfile(f"package/dist/{name}")
            assert file is not None, f"{name} is not a file"
            yield name, file.read()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, pinned in json.loads((FOLDER / "packages.json").read_text()).items():
            archive = fetched(Path(folder), f"{name}@{pinned['version']}", pinned["integrity"])
            for file, content in files_of(archive, pinned["files"]):
                path = FOLDER / file
                same = path.is_file() and path.read_bytes() == content
                print(f"{file}: {len(content)} bytes, {'as committed' if same else 'DIFFERS from what is committed'}")
                if args.write and not same:
                    path.write_bytes(content)
                elif not same:
                    raise SystemExit(1)


if __name__ == "__main__":
    main()
