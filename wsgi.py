"""The WSGI application: ``gunicorn wsgi:app``."""

from micro.app import create_app
from micro.config import Settings

app = create_app(Settings.from_env())
