"""``python -m micro`` is the ``micro`` command."""

from micro.cli_start import main

main()
