"""azure-batch 14: the generation on msrest."""

import pytest
from azure.batch import BatchServiceClient
from azure.batch.batch_auth import SharedKeyCredentials

from support.server import Account


@pytest.fixture
def client(account: Account) -> BatchServiceClient:
    return BatchServiceClient(SharedKeyCredentials(account.name, account.primary), batch_url=account.url)
