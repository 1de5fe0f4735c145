"""`python -m gradproof_bridge`."""

from gradproof_bridge.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
