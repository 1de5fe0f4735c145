"""What of PyTorch's operators is which op here: a function a line, with torch's own parameters."""
