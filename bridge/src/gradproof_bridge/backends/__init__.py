"""Who can compute an op: libraries on devices."""

import os

# bitsandbytes lets torch compile some of its functions for each shape, which takes seconds and
# gives the bits that they have without.
os.environ.setdefault("TORCH_COMPILE_DISABLE", "1")
