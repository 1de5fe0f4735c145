"""What changed between two recordings, of two versions of a library for example."""
