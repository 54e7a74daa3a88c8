"""Users of nodes and the way to them."""

import datetime

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError, ResourceExistsError

from support.waiting import until

NOW = datetime.datetime.now(datetime.timezone.utc)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPCkfOOmVvIY1+U8LZgwPPDdKgDcEm9cmUNYLl3iBVfi me@home"


def make_pool(client: BatchClient, nat_pools: list[models.BatchInboundNatPool]) -> str:
    """A pool of one node; its id once it is idle."""
    image = models.BatchVmImageReference(publisher="canonical", offer="ubuntu-24_04-lts", sku="server")
    endpoints = models.BatchPoolEndpointConfiguration(inbound_nat_pools=nat_pools)
    client.create_pool(
        models.BatchPoolCreateOptions(
            id="pool",
            vm_size="standard_d2s_v3",
            virtual_machine_configuration=models.VirtualMachineConfiguration(
                image_reference=image, node_agent_sku_id="batch.node.ubuntu 24.04"
            ),
            target_dedicated_nodes=1,
            network_configuration=models.NetworkConfiguration(endpoint_configuration=endpoints),
        )
    )
    idle = models.BatchNodeState.IDLE
    return until("a node is idle", lambda: next((n.id for n in client.list_nodes("pool") if n.state == idle), None))


def ssh() -> models.BatchInboundNatPool:
    return models.BatchInboundNatPool(
        name="ssh", protocol="tcp", backend_port=22, frontend_port_range_start=30000, frontend_port_range_end=31999
    )


def test_a_node_user_is_added_changed_and_deleted(client: BatchClient) -> None:
    node = make_pool(client, [ssh()])
    soon = NOW + datetime.timedelta(hours=1)
    user = models.BatchNodeUserCreateOptions(name="anna", ssh_public_key=KEY, expiry_time=soon)
    client.create_node_user("pool", node, user)
    with pytest.raises(ResourceExistsError) as refused:
        client.create_node_user("pool", node, user)
    assert "NodeUserExists" in str(refused.value)
    settings = client.get_node_remote_login_settings("pool", node)
    assert settings.remote_login_ip_address == "127.0.0.1"
    endpoint = client.get_node("pool", node).endpoint_configuration.inbound_endpoints[0]
    assert (endpoint.name, endpoint.frontend_port) == ("ssh.0", settings.remote_login_port)
    client.replace_node_user("pool", node, "anna", models.BatchNodeUserReplaceOptions(password="correct horse battery"))
    client.delete_node_user("pool", node, "anna")
    with pytest.raises(HttpResponseError) as gone:
        client.delete_node_user("pool", node, "anna")
    assert "NodeUserNotFound" in str(gone.value)


def test_a_pool_that_maps_nothing_is_not_logged_in_to(client: BatchClient) -> None:
    node = make_pool(client, [])
    with pytest.raises(HttpResponseError) as refused:
        client.get_node_remote_login_settings("pool", node)
    assert refused.value.status_code == 409
