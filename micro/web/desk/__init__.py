"""The manager's desk: one module for each page of it, all on the one blueprint of frame.py."""

from micro.web.desk import cutting, overview, scans
from micro.web.desk.frame import blueprint

PAGES = (overview, scans, cutting)

__all__ = ["PAGES", "blueprint"]
