"""Parity bundles: `parity-bundle/1`, one case a file, a plain safetensors file."""
