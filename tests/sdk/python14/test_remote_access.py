"""Users of nodes and the way to them, and the logs of nodes, with the client of version 14."""

import datetime

import pytest
from azure.batch import BatchServiceClient, models

from support.server import Server
from support.waiting import until

NOW = datetime.datetime.now(datetime.timezone.utc)


def make_pool(client: BatchServiceClient) -> str:
    image = models.ImageReference(publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts")
    machine = models.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04")
    client.pool.add(
        models.PoolAddParameter(
            id="pool", vm_size="standard_d2s_v3", virtual_machine_configuration=machine, target_dedicated_nodes=1
        )
    )
    return until("a node is idle", lambda: next((n for n in client.compute_node.list("pool") if n.state == "idle"), None)).id


def test_a_node_user_is_added_and_deleted_and_ssh_is_mapped_by_itself(client: BatchServiceClient) -> None:
    node = make_pool(client)
    user = models.ComputeNodeUser(name="anna", password="correct horse battery", is_admin=False)
    client.compute_node.add_user("pool", node, user)
    settings = client.compute_node.get_remote_login_settings("pool", node)
    assert settings.remote_login_ip_address == "127.0.0.1"
    assert 27000 <= settings.remote_login_port <= 32000
    update = models.NodeUpdateUserParameter(password="another horse battery", expiry_time=NOW + datetime.timedelta(hours=1))
    client.compute_node.update_user("pool", node, "anna", update)
    client.compute_node.delete_user("pool", node, "anna")
    with pytest.raises(models.BatchErrorException) as gone:
        client.compute_node.delete_user("pool", node, "anna")
    assert gone.value.error.code == "NodeUserNotFound"
    assert "The node user does not exist" in gone.value.error.message.value


def test_a_container_that_is_not_there_gets_no_logs(client: BatchServiceClient, server: Server) -> None:
    node = make_pool(client)
    url = server.admin("storage", "sas", "none", "--permissions", "w")["url"]
    order = models.UploadBatchServiceLogsConfiguration(container_url=url, start_time=NOW - datetime.timedelta(days=1))
    with pytest.raises(models.BatchErrorException) as refused:
        client.compute_node.upload_batch_service_logs("pool", node, order)
    values = {value.key: value.value for value in refused.value.error.values}
    assert (refused.value.error.code, values["PropertyName"]) == ("InvalidPropertyValue", "containerUrl")
    assert "FileUploadContainerNotFound" in values["Reason"]
