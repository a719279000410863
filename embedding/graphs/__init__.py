"""ONNX graphs, put together node by node: MXNet's operators in those of ONNX."""
