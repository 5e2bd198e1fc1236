"""artnet stylize: images, folders of them, and standard input."""
