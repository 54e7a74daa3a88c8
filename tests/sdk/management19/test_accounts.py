"""The newest generation: nested models, api-version 2025-06-01."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import EnvironmentCredential
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.batch.models import (
    BatchAccountCreateParameters,
    BatchAccountRegenerateKeyParameters,
    BatchAccountUpdateParameters,
    BatchAccountUpdateProperties,
    DeploymentConfiguration,
    EndpointAccessProfile,
    FixedScaleSettings,
    ImageReference,
    IPRule,
    NetworkProfile,
    Pool,
    PoolProperties,
    ScaleSettings,
    VirtualMachineConfiguration,
)

from support.management import principal
from support.server import Account, Server


def test_an_account_lives_from_creation_to_deletion(client: BatchManagementClient) -> None:
    accounts = client.batch_account
    made = accounts.begin_create("lab", "life19", BatchAccountCreateParameters(location="local")).result(30)
    assert (made.name, made.properties.provisioning_state) == ("life19", "Succeeded")
    properties = BatchAccountUpdateProperties(public_network_access="Disabled")
    changed = accounts.update("lab", "life19", BatchAccountUpdateParameters(properties=properties))
    assert changed.properties.public_network_access == "Disabled"
    keys = accounts.get_keys("lab", "life19")
    new = accounts.regenerate_key("lab", "life19", BatchAccountRegenerateKeyParameters(key_name="Secondary"))
    assert new.secondary != keys.secondary and new.primary == keys.primary
    assert [account.name for account in accounts.list_by_resource_group("lab")] == ["life19"]
    assert client.location.get_quotas("local").account_quota > 0
    accounts.begin_delete("lab", "life19").result(30)
    with pytest.raises(ResourceNotFoundError):
        accounts.get("lab", "life19")


def test_network_rules_are_set_and_read_back(client: BatchManagementClient, tls_account: Account) -> None:
    of = (tls_account.resource_group, tls_account.name)
    rules = [IPRule(action="Allow", value="192.0.2.0/24")]
    profile = NetworkProfile(account_access=EndpointAccessProfile(default_action="Deny", ip_rules=rules))
    properties = BatchAccountUpdateProperties(network_profile=profile)
    client.batch_account.update(*of, BatchAccountUpdateParameters(properties=properties))
    seen = client.batch_account.get(*of).properties.network_profile
    assert seen.account_access.default_action == "Deny"
    assert [rule.value for rule in seen.account_access.ip_rules] == ["192.0.2.0/24"]
    assert seen.node_management_access.default_action == "Allow"
    open_again = NetworkProfile(account_access=EndpointAccessProfile(default_action="Allow", ip_rules=[]))
    properties = BatchAccountUpdateProperties(network_profile=open_again)
    client.batch_account.update(*of, BatchAccountUpdateParameters(properties=properties))


def test_a_pool_lives_from_creation_to_deletion(client: BatchManagementClient, tls_account: Account) -> None:
    of = (tls_account.resource_group, tls_account.name)
    machine = VirtualMachineConfiguration(
        image_reference=ImageReference(publisher="canonical", offer="jammy", sku="22_04-lts", version="latest"),
        node_agent_sku_id="batch.node.ubuntu 22.04",
    )

    def pool(nodes: int) -> Pool:
        scale = ScaleSettings(fixed_scale=FixedScaleSettings(target_dedicated_nodes=nodes))
        deployment = DeploymentConfiguration(virtual_machine_configuration=machine)
        return Pool(
            properties=PoolProperties(vm_size="local_1", deployment_configuration=deployment, scale_settings=scale)
        )

    made = client.pool.create(*of, "pool", pool(0))
    assert made.properties.allocation_state == "Steady"
    resized = client.pool.update(*of, "pool", pool(1))
    assert resized.properties.scale_settings.fixed_scale.target_dedicated_nodes == 1
    bad = pool(-1)
    with pytest.raises(HttpResponseError) as refused:
        client.pool.create(*of, "other", bad)
    assert refused.value.error.target == "properties.scaleSettings.fixedScale.targetDedicatedNodes"
    client.pool.begin_delete(*of, "pool").result(60)
    assert list(client.pool.list_by_batch_account(*of)) == []


def test_a_client_secret_of_the_environment_signs_in(
    tls_server: Server, subscription_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = principal(tls_server)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls_server.authority)
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", tls_server.url)
    monkeypatch.setenv("AZURE_TENANT_ID", "adfs")
    monkeypatch.setenv("AZURE_CLIENT_ID", user.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", user.secret)
    client = BatchManagementClient(EnvironmentCredential(), subscription_id, base_url=tls_server.url)
    assert list(client.batch_account.list())
