"""The vocabulary in PyTorch: each op a function of tensors and parameters that returns tensors by
name.
"""
