"""artnet benchmark: how fast this machine paints."""
