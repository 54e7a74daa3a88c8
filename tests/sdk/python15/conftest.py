"""azure-batch 15: the generation on azure-core."""

from collections.abc import Iterator

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from support.server import Account


@pytest.fixture
def client(account: Account) -> Iterator[BatchClient]:
    with BatchClient(account.url, AzureNamedKeyCredential(account.name, account.primary)) as client:
        yield client
