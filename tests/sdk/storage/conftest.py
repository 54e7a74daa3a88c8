"""azure-storage-blob on the built-in storage and on buckets that are linked, and azure-batch 15 with them."""

import itertools
from collections.abc import Iterator

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.storage.blob import BlobServiceClient, ContainerClient

from support.buckets import Bucket, azurite, moto
from support.server import Account, Server

_numbers = itertools.count(1)
BUILT_IN = "fournil"


@pytest.fixture(scope="session", params=["built-in", "azure", "s3"])
def bucket(request: pytest.FixtureRequest) -> Iterator[Bucket | None]:
    """Where the blobs are; nothing for the server's own folder."""
    if request.param == "built-in":
        yield None
        return
    with (azurite if request.param == "azure" else moto)() as running:
        yield running


@pytest.fixture(scope="session")
def place(server: Server, bucket: Bucket | None) -> str:
    """The name of the storage account."""
    return BUILT_IN if bucket is None else bucket.link(server)


@pytest.fixture(scope="session")
def connection_string(server: Server, place: str) -> str:
    return server.admin("storage", "key", place)["connectionString"]


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
