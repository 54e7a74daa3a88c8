"""azure-identity against the server's own sign-in, without a word to anybody else."""

import json
import urllib.request
from datetime import datetime
from http.cookiejar import CookieJar
from ssl import create_default_context

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential, DeviceCodeCredential, EnvironmentCredential, ManagedIdentityCredential
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


class Portal:
    """A person at the portal, as far as the person lets programs in."""

    def __init__(self, server: Server, user: str, password: str) -> None:
        self._url = server.url
        context = create_default_context(cafile=server.authority)
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self._browser = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), cookies)
        self.call("sign_in", sign_in={"user": user, "password": password})

    def call(self, function: str, **arguments: object) -> None:
        headers = {"content-type": "application/json", "origin": self._url}
        body = json.dumps(arguments).encode()
        with self._browser.open(urllib.request.Request(f"{self._url}/portal/fn/{function}", body, headers)) as answer:
            answer.read()


def test_a_person_lets_a_program_in_by_a_code(
    tls_server: Server, subscription_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls_server.authority)
    tls_server.admin("user", "create", "grace", "--role", "Reader", "--password-stdin", text="correct horse battery\n")
    grace = Portal(tls_server, "grace", "correct horse battery")

    def credential(answer: str) -> DeviceCodeCredential:
        def prompt(url: str, code: str, _expires: datetime) -> None:
            assert url == f"{tls_server.url}/device"
            grace.call(answer, code=code)

        return DeviceCodeCredential(
            tenant_id="fournil", authority=tls_server.url, disable_instance_discovery=True, prompt_callback=prompt
        )

    assert names(tls_server, credential("device_sign_in_allow"), subscription_id)
    with pytest.raises(ClientAuthenticationError, match="refused"):
        names(tls_server, credential("device_sign_in_refuse"), subscription_id)
