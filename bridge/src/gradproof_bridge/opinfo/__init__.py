"""PyTorch's own database of samples for each operator and optimizer, made into parity bundles."""
