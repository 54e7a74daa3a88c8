"""The same client over https."""

import pytest
from azure.batch import BatchServiceClient
from azure.batch.batch_auth import SharedKeyCredentials
from msrest.exceptions import ClientRequestError

from support.server import Account, Server


def test_the_servers_authority_is_trusted_by_a_variable(
    tls_server: Server, tls_account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = SharedKeyCredentials(tls_account.name, tls_account.primary)
    client = BatchServiceClient(credentials, batch_url=tls_account.url)
    client.config.retry_policy.retries = 0
    with pytest.raises(ClientRequestError, match="CERTIFICATE_VERIFY_FAILED"):
        list(client.pool.list())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls_server.authority)
    assert list(client.pool.list()) == []
