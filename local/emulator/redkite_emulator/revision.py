"""A number that grows with every change, which requests can wait on.

The load balancer and the DNS server take their state from the emulator. They ask with the last revision they know and
are answered at the next change, so both follow within milliseconds and nobody polls.
"""

import asyncio
import threading


class Revision:
    def __init__(self):
        self._lock = threading.Lock()
        self._value = 1
        self._waiting = set()

    @property
    def value(self):
        with self._lock:
            return self._value

    def bump(self):
        """Called from any thread."""
        with self._lock:
            self._value += 1
            waiting, self._waiting = self._waiting, set()
        for loop, event in waiting:
            loop.call_soon_threadsafe(event.set)

    async def wait_after(self, known, timeout):
        """Returns as soon as the revision differs from `known`, or after `timeout` seconds."""
        with self._lock:
            if self._value != known:
                return
            waiter = (asyncio.get_running_loop(), asyncio.Event())
            self._waiting.add(waiter)
        try:
            await asyncio.wait_for(waiter[1].wait(), timeout)
        except asyncio.TimeoutError:
            pass
        finally:
            with self._lock:
                self._waiting.discard(waiter)


def bumping(revision, function):
    """`function`, followed by a bump whatever it did: a change too many costs one read, one too few a wrong route."""

    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        finally:
            revision.bump()

    return call
