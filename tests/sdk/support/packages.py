"""Application packages: zip files, and the way that Microsoft's documentation describes to bring one to an account."""

import io
import json
import ssl
import urllib.request
import zipfile

from support.management import principal
from support.server import Account, Server

GREETING = "hello from the package"


def zip_file(greeting: str = GREETING) -> bytes:
    """A package with a program, as zipfile writes it: it says nothing of who may run what."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bin/greet", f"#!/bin/sh\necho {greeting}\n")
    return made.getvalue()


def upload(url: str, data: bytes, authority: str | None = None) -> None:
    """Put Blob to an address that opens it."""
    # Without a type urllib says that it is a form, which moto takes for one.
    headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/zip"}
    request = urllib.request.Request(url, data=data, method="PUT", headers=headers)
    context = ssl.create_default_context(cafile=authority) if authority else None
    with urllib.request.urlopen(request, context=context) as answer:
        assert answer.status == 201


class Packages:
    """The applications of an account by plain REST, for tests of the data plane's clients."""

    def __init__(self, server: Server, account: Account, storage: str = "fournil") -> None:
        self._token = principal(server).secret
        group = f"/subscriptions/{account.subscription_id}/resourceGroups/{account.resource_group}"
        self._account = f"{server.url}{group}/providers/Microsoft.Batch/batchAccounts/{account.name}"
        self.ask("PATCH", "", {"properties": {"autoStorage": {"storageAccountId": storage}}})

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        request = urllib.request.Request(
            f"{self._account}{path}?api-version=2024-02-01",
            data=json.dumps(body or {}).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def activate(self, application: str, version: str, data: bytes) -> None:
        self.ask("PUT", f"/applications/{application}", {"properties": {"displayName": f"The {application}"}})
        made = self.ask("PUT", f"/applications/{application}/versions/{version}")
        upload(made["properties"]["storageUrl"], data)
        self.ask("POST", f"/applications/{application}/versions/{version}/activate", {"format": "zip"})
