"""Accounts from creation to deletion, as a program manages them."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import (
    AutoStorageBaseProperties,
    BatchAccountCreateParameters,
    BatchAccountIdentity,
    BatchAccountRegenerateKeyParameters,
    BatchAccountUpdateParameters,
    CheckNameAvailabilityParameters,
)


def test_an_account_lives_from_creation_to_deletion(client: BatchManagementClient) -> None:
    accounts = client.batch_account
    parameters = BatchAccountCreateParameters(
        location="local", tags={"team": "ocean"}, auto_storage=AutoStorageBaseProperties(storage_account_id="mystore")
    )
    made = accounts.begin_create("lab", "life17", parameters).result(30)
    assert (made.name, made.location, made.provisioning_state) == ("life17", "local", "Succeeded")
    assert "://" not in made.account_endpoint and made.auto_storage.storage_account_id == "mystore"
    assert made.tags == {"team": "ocean"} and made.dedicated_core_quota == 900

    again = accounts.begin_create("lab", "life17", parameters).result(30)
    assert again.id == made.id
    assert accounts.get("LAB", "life17").id == made.id
    assert "life17" in [account.name for account in accounts.list()]
    assert [account.name for account in accounts.list_by_resource_group("Lab")] == ["life17"]

    update = BatchAccountUpdateParameters(tags={"team": "sky"}, public_network_access="Disabled")
    changed = accounts.update("lab", "life17", update)
    assert (changed.tags, changed.public_network_access) == ({"team": "sky"}, "Disabled")
    accounts.synchronize_auto_storage_keys("lab", "life17")

    keys = accounts.get_keys("lab", "life17")
    new = accounts.regenerate_key("lab", "life17", BatchAccountRegenerateKeyParameters(key_name="Primary"))
    assert new.primary != keys.primary and new.secondary == keys.secondary

    assert list(accounts.list_detectors("lab", "life17")) == []
    assert list(client.application.list("lab", "life17")) == []
    assert list(client.private_link_resource.list_by_batch_account("lab", "life17")) == []
    client.private_endpoint_connection.begin_delete("lab", "life17", "none").result(30)
    category, = accounts.list_outbound_network_dependencies_endpoints("lab", "life17")
    assert category.category == "Azure Batch"

    assert accounts.begin_delete("lab", "life17").result(30) is None
    with pytest.raises(ResourceNotFoundError):
        accounts.get("lab", "life17")
    accounts.begin_delete("lab", "life17").result(30)


def test_what_accounts_are_not_here_is_refused_by_name(client: BatchManagementClient) -> None:
    identity = BatchAccountIdentity(type="SystemAssigned")
    parameters = BatchAccountCreateParameters(location="local", identity=identity)
    with pytest.raises(HttpResponseError) as refused:
        client.batch_account.begin_create("lab", "refused17", parameters)
    error = refused.value.error
    assert (refused.value.status_code, error.code, error.target) == (400, "InvalidPropertyValue", "identity")


def test_a_location_says_what_it_has(client: BatchManagementClient) -> None:
    assert client.location.get_quotas("local").account_quota > 0
    sizes = {size.name: size for size in client.location.list_supported_virtual_machine_skus("local")}
    assert sizes["standard_d2s_v3"].family_name == "standardDSv3Family"
    assert list(client.location.list_supported_cloud_service_skus("local")) == []
    check = CheckNameAvailabilityParameters(name="Not-Good")
    assert client.location.check_name_availability("local", check).reason == "Invalid"
    assert any(operation.name.endswith("listkeys/action") for operation in client.operations.list())
