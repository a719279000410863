"""Engines: what computes vectors of pictures with a trained network, MXNet or ONNX Runtime."""
