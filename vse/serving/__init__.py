"""Trained towers put to use: as ONNX files, and as what searches with these, without MXNet."""
