"""The painting as a camera that other programs can choose, through a driver that must be installed."""

import sys
from types import TracebackType
from typing import Any

import numpy as np

_DRIVERS = {
    "linux": "install v4l2loopback (Debian: apt install v4l2loopback-dkms) and load it: sudo modprobe v4l2loopback",
    "darwin": "install OBS (https://obsproject.com) 30 or newer, start it, and start its virtual camera once",
    "win32": "install OBS (https://obsproject.com) or Unity Capture",
}


class VirtualCamera:
    """Opens at the first picture, in its size; use it as a context manager.

    Args:
        name: which of several cameras the driver should use, '' for any.
    """

    def __init__(self, name: str = ""):
        self.name = name
        self.camera: Any = None  # pyvirtualcam.Camera, when the first picture tells its size

    def __enter__(self) -> "VirtualCamera":
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self.camera is not None:
            self.camera.close()

    def show(self, rgb: np.ndarray) -> None:
        """Send (H, W, 3) uint8. Raises ValueError where there is no driver; says what to install."""
        if self.camera is None:
            import pyvirtualcam

            height, width = rgb.shape[:2]
            try:
                self.camera = pyvirtualcam.Camera(width=width, height=height, fps=30, device=self.name or None)
            except RuntimeError as error:
                driver = _DRIVERS.get(sys.platform, "install a virtual camera driver that pyvirtualcam knows")
                raise ValueError(f"there is no virtual camera: {driver} ({error})") from error
        self.camera.send(rgb)
