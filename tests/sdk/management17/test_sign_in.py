"""azure-identity against the server's own sign-in, without a word to anybody else."""

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential, EnvironmentCredential, ManagedIdentityCredential
from azure.mgmt.batch import BatchManagementClient

from support.management import principal
from support.server import Server


def names(server: Server, credential: object, subscription_id: str) -> list[str]:
    client = BatchManagementClient(
        credential,
        subscription_id,
        base_url=server.url,
        credential_scopes=[f"{server.url}/.default"],
        connection_verify=server.authority,
    )
    return [account.name for account in client.batch_account.list()]


def test_a_client_secret_of_the_environment_signs_in(
    tls_server: Server, subscription_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = principal(tls_server)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls_server.authority)
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", tls_server.url)
    monkeypatch.setenv("AZURE_TENANT_ID", "adfs")
    monkeypatch.setenv("AZURE_CLIENT_ID", user.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", user.secret)
    assert names(tls_server, EnvironmentCredential(), subscription_id)


def test_a_client_secret_signs_in_to_the_tenant_by_name(
    tls_server: Server, subscription_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = principal(tls_server)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls_server.authority)

    def credential(secret: str) -> ClientSecretCredential:
        return ClientSecretCredential(
            user.tenant, user.client_id, secret, authority=tls_server.url, disable_instance_discovery=True
        )

    assert names(tls_server, credential(user.secret), subscription_id)
    with pytest.raises(ClientAuthenticationError, match="personal access token"):
        names(tls_server, credential("fnl_wrong"), subscription_id)


def test_a_managed_identity_signs_in(
    tls_server: Server, subscription_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls_server.authority)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{tls_server.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", principal(tls_server).secret)
    assert names(tls_server, ManagedIdentityCredential(), subscription_id)
