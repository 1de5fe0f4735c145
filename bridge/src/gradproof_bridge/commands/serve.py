"""The live bridge: answers one page on this machine until Ctrl-C."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

NAME = "serve"
SUMMARY = "the live bridge: answers one page on this machine until Ctrl-C"
DEFAULT_PAGE = "http://localhost:7357/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `serve`."""
    parser.add_argument(
        "--page",
        default=DEFAULT_PAGE,
        help=f"address of the page that may ask (default {DEFAULT_PAGE})",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=0,
        metavar="N",
        help="port on 127.0.0.1 (default: any that is free)",
    )
    parser.add_argument(
        "--announce",
        action="store_true",
        help="for the program that starts the bridge: print address and token as one line of JSON, and end when standard input does",
    )


def run(options: argparse.Namespace) -> int:
    """Serves until the end; 0 when it was asked to end."""
    from gradproof_bridge.serve.server import serve

    return serve(options.page, options.port, announce=options.announce)
