"""Fixtures for both generations of Microsoft's Python client, and for the Azure CLI."""

import itertools
import sys
from collections.abc import Iterator

import pytest

from support.server import Account, Server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for the whole run; tests keep apart by having accounts of their own."""
    running = Server()
    yield running
    running.stop()
    # pytest shows it under «Captured stderr teardown» when a test failed.
    print(running.logs(), file=sys.stderr)


@pytest.fixture(scope="session")
def tls_server() -> Iterator[Server]:
    """One that speaks TLS with certificates of its own authority."""
    running = Server("--tls-self-signed")
    yield running
    running.stop()
    print(running.logs(), file=sys.stderr)


@pytest.fixture
def tls_account(tls_server: Server) -> Account:
    """A new, empty Batch account that is reached by https."""
    return tls_server.create_account(f"tls{next(_numbers)}")


@pytest.fixture
def account(server: Server) -> Account:
    """A new, empty Batch account."""
    return server.create_account(f"sdk{next(_numbers)}")
