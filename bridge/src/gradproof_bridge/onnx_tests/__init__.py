"""ONNX's own backend node tests, as the `onnx` package generates them, made into parity bundles."""
