"""Trained networks put to use: as an engine of MXNet, and as an ONNX file."""
