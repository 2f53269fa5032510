"""Where the ``micro`` command begins: merging a table starts at once, all else loads the web and the database first."""

import sys


def main() -> None:
    """Runs the command that was typed."""
    if sys.argv[1:2] == ["consensus"]:
        from micro.cli_consensus import consensus

        consensus(sys.argv[2:], prog_name="micro consensus")
    from micro.cli import main as everything

    everything(prog_name="micro")
