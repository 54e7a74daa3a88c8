"""Waiting for what a service does in its own time."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 60


def until(what: str, condition: Callable[[], object]) -> object:
    """What the condition gives, as soon as it gives anything true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"in vain: {what}")
