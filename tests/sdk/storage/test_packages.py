"""Application packages, wherever the storage that is linked to their account keeps them."""

from azure.batch import BatchClient, models
from azure.storage.blob import BlobServiceClient

from support.packages import GREETING, Packages, zip_file
from support.server import Account, Server

from test_task_files import add_job, finished


def test_a_package_is_deployed_from_where_it_is_kept(
    server: Server, account: Account, client: BatchClient, place: str, storage: BlobServiceClient
) -> None:
    packages = Packages(server, account, place)
    packages.activate("Tool", "1.0", zip_file())
    client.create_pool(models.BatchPoolCreateOptions(id="pool", vm_size="local_1", target_dedicated_nodes=1))
    add_job(client)
    tool = models.BatchApplicationPackageReference(application_id="Tool", version="1.0")

    def said(name: str) -> str:
        line = "/bin/sh -c '$AZ_BATCH_APP_PACKAGE_Tool_1_0/bin/greet'"
        client.create_task(
            "job", models.BatchTaskCreateOptions(id=name, command_line=line, application_package_references=[tool])
        )
        assert finished(client, name).execution_info.failure_info is None
        return b"".join(client.download_task_file("job", name, "stdout.txt")).decode()

    assert said("first") == f"{GREETING}\n"
    packages.activate("Tool", "1.0", zip_file("newer"))
    assert said("later") == "newer\n"
    # Neither what was uploaded nor what was replaced is left.
    (kept,) = (found.name for found in storage.list_containers(name_starts_with="app-tool-"))
    assert len(list(storage.get_container_client(kept).list_blobs())) == 1
