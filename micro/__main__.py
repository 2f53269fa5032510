"""``python -m micro`` is the ``micro`` command."""

from micro.cli import main

main()
