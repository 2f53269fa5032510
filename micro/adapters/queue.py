"""The queue: jobs are enqueued in RQ, by id only, as JSON. The database is the memory, this is a hint."""

from __future__ import annotations

import logging

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue as RqQueue
from rq.serializers import JSONSerializer

log = logging.getLogger(__name__)
QUEUE_NAME = "micro"
JOB_SECONDS = 3600
# A mark that a job waits is forgotten after this time, in case the queue itself was lost meanwhile.
WAITING_SECONDS = 120


class RqJobs:
    """Enqueues micro's jobs. A queue that cannot be reached is logged and forgotten: `micro sweep` catches up."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._queue: RqQueue | None = None

    def settle(self, project_id: int) -> None:
        self._enqueue("micro.jobs.settle_project", project_id, f"settle-{project_id}")

    def take_in(self, intake_id: int, hand: int = 1) -> None:
        self._enqueue("micro.jobs.take_in_delivery", intake_id, f"{intake_hand(hand)}-{intake_id}", hand)

    def cut(self, project_id: int) -> None:
        self._enqueue("micro.jobs.cut_scans", project_id, f"cut-{project_id}")

    def release(self, release_id: int) -> None:
        self._enqueue("micro.jobs.make_release", release_id, f"release-{release_id}")

    def send(self, message_id: int) -> None:
        self._enqueue("micro.jobs.send_message", message_id, f"send-{message_id}")

    def fit(self, project_id: int) -> None:
        self._enqueue("micro.jobs.fit_project", project_id, f"fit-{project_id}")

    def redo(self, project_id: int) -> None:
        self._enqueue("micro.jobs.redo_project", project_id, f"redo-{project_id}")

    def batch(self, batch_id: int) -> None:
        self._enqueue("micro.jobs.run_batch", batch_id, f"batch-{batch_id}")

    def is_reachable(self) -> bool:
        try:
            return bool(self.address) and bool(self._opened().connection.ping())
        except (RedisError, OSError, ValueError):
            return False

    def sweep(self) -> None:
        self._enqueue("micro.jobs.sweep", 0, "sweep-0")

    def begun(self, kind: str, subject_id: int) -> None:
        """To be called first by a job: from here on a new call may wait behind it, so that nothing is overlooked."""
        if self._queue is not None or self.address:
            self._opened().connection.delete(_waiting(f"{kind}-{subject_id}"))

    def _enqueue(self, job: str, subject_id: int, name: str, *more: int) -> None:
        """Enqueues unless the same is waiting already: whatever comes meanwhile is drained by the one that waits."""
        if not self.address:
            log.info("no queue is running; %s waits for a sweep", name)
            return
        try:
            queue = self._opened()
            if queue.connection.set(_waiting(name), 1, nx=True, ex=WAITING_SECONDS):
                queue.enqueue(job, subject_id, *more, job_timeout=JOB_SECONDS, result_ttl=0, failure_ttl=86_400)
        except (RedisError, OSError) as error:
            log.warning("the queue did not take %s (%s); a sweep will", name, type(error).__name__)

    def _opened(self) -> RqQueue:
        if self._queue is None:
            self._queue = open_queue(self.address)
        return self._queue


def intake_hand(hand: int) -> str:
    """What a job of a delivery is called: the first worker's "intake", the second's "intake:2"."""
    return "intake" if hand == 1 else f"intake:{hand}"


def _waiting(name: str) -> str:
    return f"micro:waiting:{name}"


def connect(address: str, answer_s: float | None = 2) -> Redis:
    """A connection that gives up after seconds rather than holding a visitor; None: a worker, who waits for work."""
    return Redis.from_url(address, socket_connect_timeout=2, socket_timeout=answer_s)


def open_queue(address: str, answer_s: float | None = 2) -> RqQueue:
    """micro's queue at this address."""
    return RqQueue(QUEUE_NAME, connection=connect(address, answer_s), serializer=JSONSerializer)
