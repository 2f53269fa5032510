"""Where the ``micro`` command begins: merging a table starts at once, all else loads the web and the database first."""

import sys
from importlib import import_module


def main() -> None:
    """Runs the command that was typed."""
    if sys.argv[1:2] == ["consensus"]:
        import_module("micro.cli_consensus").consensus(sys.argv[2:], prog_name="micro consensus")
    import_module("micro.cli").main(prog_name="micro")
