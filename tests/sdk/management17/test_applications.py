"""Applications and their packages, from creation to deletion."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import (
    ActivateApplicationPackageParameters,
    Application,
    AutoStorageBaseProperties,
    BatchAccountCreateParameters,
)

from support.packages import upload, zip_file
from support.server import Server


@pytest.fixture
def of(client: BatchManagementClient) -> tuple[str, str]:
    """An account with linked storage."""
    parameters = BatchAccountCreateParameters(
        location="local", auto_storage=AutoStorageBaseProperties(storage_account_id="fournil")
    )
    client.batch_account.begin_create("lab", "apps17", parameters).result(30)
    yield "lab", "apps17"
    client.batch_account.begin_delete("lab", "apps17").result(30)


def test_a_package_lives_from_creation_to_deletion(
    client: BatchManagementClient, of: tuple[str, str], tls_server: Server
) -> None:
    made = client.application.create(*of, "blender", Application(display_name="Blender", allow_updates=True))
    assert (made.name, made.display_name, made.allow_updates, made.default_version) == ("blender", "Blender", True, None)
    pending = client.application_package.create(*of, "blender", "2.70")
    assert (pending.name, pending.state) == ("2.70", "Pending") and pending.storage_url_expiry is not None
    activate = ActivateApplicationPackageParameters(format="zip")
    with pytest.raises(HttpResponseError) as refused:
        client.application_package.activate(*of, "blender", "2.70", activate)
    assert refused.value.error.code == "ApplicationPackageBlobNotFound"
    # Who has lost the address asks for another one.
    again = client.application_package.get(*of, "blender", "2.70")
    upload(again.storage_url, zip_file(), tls_server.authority)
    active = client.application_package.activate(*of, "blender", "2.70", activate)
    assert (active.state, active.format) == ("Active", "zip") and active.last_activation_time is not None
    assert [package.name for package in client.application_package.list(*of, "blender")] == ["2.70"]

    changed = client.application.update(*of, "blender", Application(default_version="2.70", allow_updates=False))
    assert (changed.default_version, changed.allow_updates) == ("2.70", False)
    with pytest.raises(HttpResponseError) as refused:
        client.application_package.delete(*of, "blender", "2.70")
    assert refused.value.error.code == "ApplicationUpdatesNotAllowed"
    client.application.update(*of, "blender", Application(allow_updates=True))
    client.application_package.delete(*of, "blender", "2.70")
    assert client.application.get(*of, "blender").default_version is None
    assert [application.name for application in client.application.list(*of)] == ["blender"]
    client.application.delete(*of, "blender")
    with pytest.raises(ResourceNotFoundError):
        client.application.get(*of, "blender")


def test_an_account_without_storage_says_so(client: BatchManagementClient) -> None:
    client.batch_account.begin_create("lab", "bare17", BatchAccountCreateParameters(location="local")).result(30)
    with pytest.raises(HttpResponseError) as refused:
        client.application.create("lab", "bare17", "blender", Application())
    assert (refused.value.status_code, refused.value.error.code) == (409, "AutoStorageNotConfigured")
    client.batch_account.begin_delete("lab", "bare17").result(30)
