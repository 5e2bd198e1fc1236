"""The programs built on ArtNet: everything behind the command `artnet`."""
