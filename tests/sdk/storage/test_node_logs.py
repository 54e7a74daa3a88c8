"""The logs of nodes, uploaded to a container of the built-in storage."""

import datetime

from azure.batch import BatchClient, models
from azure.storage.blob import ContainerClient

from support.server import Server
from support.waiting import until

from test_task_files import address, pool_with_a_node

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


def test_the_log_of_a_node_is_uploaded(server: Server, client: BatchClient, container: ContainerClient) -> None:
    pool_with_a_node(client)
    idle = models.BatchNodeState.IDLE
    node = until("a node is idle", lambda: next((n.id for n in client.list_nodes("pool") if n.state == idle), None))
    url = address(server, container, "--permissions", "cw")
    done = client.upload_node_logs(
        "pool", node, models.UploadBatchServiceLogsOptions(container_url=url, start_time=NOW - DAY)
    )
    assert (done.number_of_files_uploaded, done.virtual_directory_name.startswith(f"pool/{node}/")) == (1, True)
    log = container.download_blob(f"{done.virtual_directory_name}/agent.log").readall().decode()
    assert "the agent starts" in log
    later = models.UploadBatchServiceLogsOptions(container_url=url, start_time=NOW + DAY, end_time=NOW + 2 * DAY)
    assert client.upload_node_logs("pool", node, later).number_of_files_uploaded == 0
