"""What graphs of the network have in common, on whatever runtime they run, and the ONNX ones."""
