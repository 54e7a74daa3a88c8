"""azure-mgmt-batch 19: api-version 2025-06-01."""

import pytest
from azure.mgmt.batch import BatchManagementClient

from support.management import StaticToken, principal, subscription
from support.server import Server


@pytest.fixture(scope="session")
def subscription_id(tls_server: Server) -> str:
    return subscription(tls_server)


@pytest.fixture(scope="session")
def client(tls_server: Server, subscription_id: str) -> BatchManagementClient:
    token = StaticToken(principal(tls_server).secret)
    return BatchManagementClient(
        token, subscription_id, base_url=tls_server.url, connection_verify=tls_server.authority
    )
