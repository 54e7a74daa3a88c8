"""azure-storage-blob on the built-in storage, and azure-batch 15 with it."""

import itertools
from collections.abc import Iterator

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.storage.blob import BlobServiceClient, ContainerClient

from support.server import Account, Server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def connection_string(server: Server) -> str:
    return server.admin("storage", "key")["connectionString"]


@pytest.fixture
def storage(connection_string: str) -> Iterator[BlobServiceClient]:
    # Small limits, so that files of a few MiB already go in blocks and come in ranges.
    limits = {"max_single_put_size": 1 << 20, "max_block_size": 1 << 20, "max_single_get_size": 1 << 20}
    with BlobServiceClient.from_connection_string(connection_string, max_chunk_get_size=1 << 20, **limits) as client:
        yield client


@pytest.fixture
def container(storage: BlobServiceClient) -> ContainerClient:
    """A new, empty container."""
    return storage.create_container(f"test-{next(_numbers)}")


@pytest.fixture
def client(account: Account) -> Iterator[BatchClient]:
    with BatchClient(account.url, AzureNamedKeyCredential(account.name, account.primary)) as client:
        yield client
