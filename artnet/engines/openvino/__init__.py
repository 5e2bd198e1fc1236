"""The network on OpenVINO, without torch."""
