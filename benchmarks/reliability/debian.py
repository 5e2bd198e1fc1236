"""A Debian of its own in a folder, as debootstrap makes it from the mirror that apt uses here. Needs root."""

import os
import subprocess
from pathlib import Path

SHARED = ("/dev", "/proc", "/sys", "/etc/hosts", "/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl")
"""What a program there sees of this system: devices, and how names and certificates are found."""
INSIDE = """
root=$1; shift
for path in {shared}; do
    if [ -d "$path" ]; then mkdir -p "$root$path"; elif [ -e "$path" ]; then touch "$root$path"; else continue; fi
    mount --rbind "$path" "$root$path"
done
exec chroot "$root" "$@"
"""


class Debian:
    """A system in a folder.

    Args:
        root: the folder, not there yet or empty.
        suite: the release's name, as trixie.
        packages: what is installed beside the smallest system.

    Raises:
        CalledProcessError: debootstrap failed.
    """

    def __init__(self, root: Path, suite: str, packages: tuple[str, ...]):
        self.root = root
        options = ["--variant=minbase", f"--include={','.join(packages)}"]
        command = ["debootstrap", *options, suite, str(root), mirror()]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def run(self, *command: str, timeout: float = 1800, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command there as root; what it mounts goes with it, and its processes end with it."""
        inside = ["sh", "-ec", INSIDE.format(shared=" ".join(SHARED)), "sh", str(self.root), *command]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        kept |= {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            ["unshare", "--mount", "--fork", "--kill-child", *inside], capture_output=True, text=True, check=False,
            env=kept | environment, timeout=timeout,
        )  # fmt: skip


def mirror() -> str:
    """Where apt gets its packages from here."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True)
    return said.stdout.split()[0]
