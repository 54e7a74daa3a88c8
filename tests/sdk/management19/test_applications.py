"""Applications by the generation of nested models."""

from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import (
    ActivateApplicationPackageParameters,
    Application,
    ApplicationProperties,
    AutoStorageBaseProperties,
    BatchAccountCreateParameters,
    BatchAccountCreateProperties,
)

from support.packages import upload, zip_file
from support.server import Server


def test_a_package_is_uploaded_and_activated(client: BatchManagementClient, tls_server: Server) -> None:
    storage = AutoStorageBaseProperties(storage_account_id="fournil")
    parameters = BatchAccountCreateParameters(
        location="local", properties=BatchAccountCreateProperties(auto_storage=storage)
    )
    client.batch_account.begin_create("lab", "apps19", parameters).result(30)
    of = ("lab", "apps19", "blender")
    client.application.create(*of, Application(properties=ApplicationProperties(display_name="Blender")))
    pending = client.application_package.create(*of, "1")
    upload(pending.properties.storage_url, zip_file(), tls_server.authority)
    active = client.application_package.activate(*of, "1", ActivateApplicationPackageParameters(format="zip"))
    assert active.properties.state == "Active"
    default = Application(properties=ApplicationProperties(default_version="1"))
    assert client.application.update(*of, default).properties.default_version == "1"
    assert [package.name for package in client.application_package.list(*of)] == ["1"]
    client.application_package.delete(*of, "1")
    client.application.delete(*of)
    assert list(client.application.list("lab", "apps19")) == []
    client.batch_account.begin_delete("lab", "apps19").result(30)
