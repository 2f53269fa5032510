"""Gunicorn's settings, by gunicorn's own names (docs.gunicorn.org/en/stable/settings.html).

Read by ``gunicorn --config python:micro.adapters.gunicorn_settings``; address, processes and threads come from
micro's Settings on its command line.
"""

from __future__ import annotations

import logging
from typing import Protocol

from micro.adapters.processes import die_with_parent

worker_class = "gthread"
accesslog = None  # An access log holds addresses of visitors.
graceful_timeout = 10  # seconds for open requests at a stop
# Seconds that a quiet connection stays open: people read for a while between two cards, and a new one costs the distant
# ones several round trips. As long as nginx keeps it by itself.
keepalive = 75
control_socket_disable = True  # Gunicorn 25 and later would make one in the home folder, shared by all instances.


class Arbiter(Protocol):
    """What is used of gunicorn's main process."""

    pid: int


def on_starting(server: Arbiter) -> None:
    """Gunicorn calls this once, in the process that forks all others."""
    logging.getLogger("gunicorn.error").addFilter(without_visitors)


def post_fork(server: Arbiter, worker: object) -> None:
    """Gunicorn calls this in each new web process."""
    die_with_parent(server.pid)


def without_visitors(record: logging.LogRecord) -> bool:
    """Takes the visitor's address and the request's path out of gunicorn's own error lines; drops none."""
    if not isinstance(record.msg, str):
        return True
    if record.msg.startswith("Invalid request from ip="):
        record.msg, record.args = "Invalid request", ()
    elif record.msg.startswith("Error handling request"):
        record.msg, record.args = "Error handling request", ()
    return True
