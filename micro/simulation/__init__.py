"""The whole main job, unattended: scans in, simulated volunteers, a reviewer, two releases, and how right they are.

Everything but the drawing of the cards goes the way that people and their programs go: pages, forms and the JSON
interface over HTTP, jobs in the queue, files in the storage.
"""

from micro.simulation.run import Plan, run

__all__ = ["Plan", "run"]
