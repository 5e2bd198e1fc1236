"""Sections of docs/reliability.md on what was installed elsewhere: other Pythons, a container, ComfyUI."""

from typing import Any

from benchmarks.reliability.endured import table

SYSTEMS = """
## Other Pythons

```
apt-get install debootstrap; python -m benchmarks.reliability.systems trixie=3.13     # half an hour; root
```

The wheel, installed with one group of extras after the other into the smallest system of another release of Debian,
whose commands are then run. What they paint is compared with what they paint here under Python {python}.
"""

ROUNDED = """
What differs was painted before the second group came: Gradio wants an older Pillow than the newest, which the default
installation takes, and which rounds otherwise where it enlarges a part of a picture.
"""

CONTAINER = """
## In a container

```
apt-get install mmdebstrap podman runc; python -m benchmarks.reliability.container     # ten minutes; root
```

The Dockerfile, built by podman {podman}. No registry of images was at hand, so the image that it begins with was made
of the same release of Debian and its own {version}.
"""

COMFYUI = """
## In ComfyUI

```
python -m benchmarks.reliability.comfyui     # some minutes; Linux
```

The node within ComfyUI {version} on the CPU, asked by the interface that its page uses; its pictures beside the
library's. ComfyUI itself cuts off what lies between two levels.
"""


def systems(result: dict[str, Any]) -> str:
    """The section on other Pythons."""
    rows = []
    for system, row in result["rows"].items():
        for extras, found in row["extras"].items():
            outcomes = {name: said for name, said in found.items() if name not in ("installed", "seconds")}
            right = [name for name, said in outcomes.items() if said == "right"]
            rows.append([system, extras.replace(",", ", "), f"{len(right)} of {len(outcomes)}: {', '.join(right)}"])
        rows.append([system, "painted, beside here", beside(row["as here"])])
    head = SYSTEMS.format(python=result["machine"]["python"])
    return head + "\n" + table(("system", "extras", "commands that are right"), rows) + ROUNDED


def beside(likeness: dict[str, str]) -> str:
    """How near pictures are, and which."""
    near = dict.fromkeys(likeness.values())
    return "; ".join(f"{how}: {', '.join(name for name in likeness if likeness[name] == how)}" for how in near)


def container(result: dict[str, Any]) -> str:
    """The section on the container."""
    painted, served = result["painted"], result["served"]
    rows = [
        ["built", f"{result['seconds to build']} s, {result['MB beside the base']} MB beside the base"],
        [
            "read-only, without network, as a user of the host's, a photo in a mounted folder",
            painted["beside the same here"],
        ],
        ["served as", f"user {served['user']}, capabilities {served['rights']}"],
        ["the health check", f"passes {served['seconds until healthy']} s after the start"],
        ["a photo by the page", served["painted by the page"]],
        ["told to stop", f"ended after {served['seconds until it had ended']} s, exit code {served['exit code']}"],
    ]
    head = CONTAINER.format(podman=result["podman"], version=result["python"])
    return head + "\n" + table(("what", "found"), rows)


def comfyui(result: dict[str, Any]) -> str:
    """The section on ComfyUI."""
    rows = [["found as", result["offered as"]], ["with the options", ", ".join(result["options"])]]
    rows += [[f"painted: {name}", levels(apart)] for name, apart in result["levels apart at most"].items()]
    rows.append(["asked for strength 2", "; ".join(result["strength 2"])])
    return COMFYUI.format(version=result["ComfyUI"]) + "\n" + table(("what", "found"), rows)


def levels(apart: int) -> str:
    """How far apart pictures are, in words."""
    return "the same pixels" if apart == 0 else f"at most {apart} of 255 levels from the library's"
