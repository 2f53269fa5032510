"""The reviewer's desk: the queue, one screen per record, the decision. One module for each page, on one blueprint."""

from micro.web.review import acts, comments, history, queue, record, together
from micro.web.review.frame import blueprint

PAGES = (queue, record, acts, comments, history, together)

__all__ = ["PAGES", "blueprint"]
