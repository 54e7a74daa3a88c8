"""The same client over https."""

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ServiceRequestError

from support.server import Account, Server


def test_the_servers_authority_is_trusted_by_a_variable(
    tls_server: Server, tls_account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = AzureNamedKeyCredential(tls_account.name, tls_account.primary)
    with BatchClient(tls_account.url, credential, retry_total=0) as client:
        with pytest.raises(ServiceRequestError, match="CERTIFICATE_VERIFY_FAILED"):
            list(client.list_pools())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls_server.authority)
    with BatchClient(tls_account.url, credential) as client:
        assert list(client.list_pools()) == []


def test_an_authority_is_trusted_by_an_argument(tls_server: Server, tls_account: Account) -> None:
    credential = AzureNamedKeyCredential(tls_account.name, tls_account.primary)
    with BatchClient(tls_account.url, credential, connection_verify=tls_server.authority) as client:
        assert list(client.list_pools()) == []
