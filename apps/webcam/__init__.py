"""artnet webcam: the camera's picture, painted live."""
