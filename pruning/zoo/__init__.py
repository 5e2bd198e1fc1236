"""Networks and pictures to try pruning on; nothing else in the library needs them."""
