"""The sample that nearly every Batch program grew from: upload the input, run a task on it, download the result."""

import pytest
from azure.batch import BatchClient, models
from azure.batch.models import _models
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient

from support.server import Server
from support.waiting import until


def pool_with_a_node(client: BatchClient, start_task: models.BatchStartTask | None = None) -> None:
    image = models.BatchVmImageReference(publisher="canonical", offer="ubuntu-22_04-lts", sku="22_04-lts")
    configuration = models.VirtualMachineConfiguration(
        image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04"
    )
    client.create_pool(
        models.BatchPoolCreateOptions(
            id="pool",
            vm_size="standard_d2s_v3",
            virtual_machine_configuration=configuration,
            target_dedicated_nodes=1,
            start_task=start_task,
        )
    )


def add_job(client: BatchClient) -> None:
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))


def address(server: Server, container: ContainerClient, *words: str) -> str:
    account = container.credential.account_name
    return server.admin("storage", "sas", container.container_name, "--account", account, *words)["url"]


def finished(client: BatchClient, name: str) -> models.BatchTask:
    until("it completes", lambda: client.get_task("job", name).state == models.BatchTaskState.COMPLETED)
    return client.get_task("job", name)


def outputs(url: str, pattern: str, path: str) -> models.OutputFile:
    return models.OutputFile(
        file_pattern=pattern,
        destination=models.OutputFileDestination(
            container=models.OutputFileBlobContainerDestination(container_url=url, path=path)
        ),
        upload_options=models.OutputFileUploadConfiguration(
            upload_condition=models.OutputFileUploadCondition.TASK_COMPLETION
        ),
    )


def test_input_goes_in_and_the_result_comes_out(server: Server, client: BatchClient, container: ContainerClient) -> None:
    container.upload_blob("input.txt", b"one\ntwo\nthree\n")
    container.upload_blob("more/a.txt", b"a")
    container.upload_blob("more/deep/b.txt", b"b")
    blob = address(server, container, "--blob", "input.txt")
    listing = address(server, container, "--permissions", "rl")
    writing = address(server, container, "--permissions", "w")
    pool_with_a_node(client)
    add_job(client)
    client.create_task(
        "job",
        models.BatchTaskCreateOptions(
            id="task",
            command_line="/bin/sh -c 'wc -l <input.txt >count.txt; cat more/a.txt more/deep/b.txt; ls -l input.txt'",
            resource_files=[
                models.ResourceFile(http_url=blob, file_path="input.txt", file_mode="0640"),
                models.ResourceFile(storage_container_url=listing, blob_prefix="more/"),
            ],
            output_files=[outputs(writing, "*.txt", "results"), outputs(writing, "../std*.txt", "logs")],
        ),
    )
    task = finished(client, "task")
    assert task.execution_info.failure_info is None
    assert (task.execution_info.exit_code, task.execution_info.result) == (0, "success")
    assert container.download_blob("results/count.txt").readall().strip() == b"3"
    printed = container.download_blob("logs/stdout.txt").readall()
    assert printed.startswith(b"ab-rw-r-----")
    assert task.resource_files[0].http_url == blob
    assert task.output_files[0].file_pattern == "*.txt"


def test_input_that_is_not_there_fails_the_task_before_its_command(
    server: Server, client: BatchClient, container: ContainerClient
) -> None:
    blob = address(server, container, "--blob", "nothing")
    pool_with_a_node(client)
    add_job(client)
    files = [models.ResourceFile(http_url=blob, file_path="f")]
    client.create_task("job", models.BatchTaskCreateOptions(id="t", command_line="true", resource_files=files))
    info = finished(client, "t").execution_info
    assert (info.exit_code, info.result, info.failure_info.code) == (None, "failure", "BlobNotFound")
    assert info.retry_count == 0
    assert "sig=" not in str(info.failure_info.as_dict())


def test_a_result_that_cannot_be_written_fails_the_task(
    server: Server, client: BatchClient, container: ContainerClient
) -> None:
    account = container.credential.account_name
    gone = server.admin("storage", "sas", "not-there", "--account", account, "--permissions", "w")
    pool_with_a_node(client)
    add_job(client)
    for name, url, code in (
        ("read", address(server, container, "--permissions", "r"), "FileUploadAccessDenied"),
        ("gone", gone["url"], "FileUploadContainerNotFound"),
    ):
        options = models.BatchTaskCreateOptions(
            id=name, command_line="/bin/echo said", output_files=[outputs(url, "../stdout.txt", name)]
        )
        client.create_task("job", options)
        info = finished(client, name).execution_info
        assert (info.exit_code, info.failure_info.code) == (0, code)
        errors = b"".join(client.download_task_file("job", name, "fileuploaderr.txt"))
        assert code.encode() in errors


def test_an_identity_opens_linked_storage_for_tasks_and_for_those_that_a_job_brings(
    server: Server, client: BatchClient, place: str, container: ContainerClient
) -> None:
    name = f"id{place}"
    server.admin("account", "create", name, "--storage-account", place)
    keys = server.admin("key", "list", name)
    container.upload_blob("a.txt", b"by identity")
    identity = models.BatchNodeIdentityReference(resource_id="/subscriptions/x/resourceGroups/y/userAssignedIdentities/z")
    url = container.url.split("?")[0]
    by_identity = models.ResourceFile(http_url=f"{url}/a.txt", file_path="a.txt", identity_reference=identity)
    by_name = models.ResourceFile(auto_storage_container_name=container.container_name)
    output = outputs(url, "out.txt", "made/out.txt")
    output.destination.container.identity_reference = identity
    job = models.BatchJobCreateOptions(
        id="job",
        pool_info=models.BatchPoolInfo(pool_id="pool"),
        job_preparation_task=models.BatchJobPreparationTask(command_line="cat a.txt", resource_files=[by_name]),
        job_release_task=models.BatchJobReleaseTask(command_line="cat a.txt", resource_files=[by_identity]),
        job_manager_task=models.BatchJobManagerTask(
            id="manager", command_line="cat a.txt", resource_files=[by_name], kill_job_on_completion=False
        ),
    )
    with BatchClient(server.url, AzureNamedKeyCredential(name, keys["primary"])) as linked:
        pool_with_a_node(linked)
        linked.create_job(job)
        assert finished(linked, "manager").execution_info.exit_code == 0
        task = models.BatchTaskCreateOptions(
            id="t", command_line="/bin/cp a.txt out.txt", resource_files=[by_identity], output_files=[output]
        )
        linked.create_task("job", task)
        assert finished(linked, "t").execution_info.failure_info is None
        assert container.download_blob("made/out.txt").readall() == b"by identity"
        # What is given back is what was asked for, without a signature.
        found = linked.get_task("job", "t")
        assert found.resource_files[0].as_dict() == by_identity.as_dict()
        assert found.output_files[0].destination.container.container_url == url
        linked.begin_terminate_job("job", _models.BatchJobTerminateOptions(termination_reason="done")).result()
        (status,) = linked.list_job_preparation_and_release_task_status("job")
        assert status.job_preparation_task_execution_info.exit_code == 0
        assert status.job_release_task_execution_info.exit_code == 0
    pool_with_a_node(client)
    with pytest.raises(HttpResponseError) as refused:
        client.create_job(job)
    assert "jobManagerTask.resourceFiles[0].autoStorageContainerName" in str(refused.value)


def test_a_container_of_linked_storage_is_named_without_a_signature(
    server: Server, client: BatchClient, place: str, container: ContainerClient
) -> None:
    name = f"files{place}"
    server.admin("account", "create", name, "--storage-account", place)
    keys = server.admin("key", "list", name)
    container.upload_blob("data/a.txt", b"from linked storage")
    files = [models.ResourceFile(auto_storage_container_name=container.container_name, file_path="in")]
    command = "/bin/sh -c 'cmp in/data/a.txt $AZ_BATCH_NODE_SHARED_DIR/a.txt && cat in/data/a.txt'"
    options = models.BatchTaskCreateOptions(id="t", command_line=command, resource_files=files)
    with BatchClient(server.url, AzureNamedKeyCredential(name, keys["primary"])) as linked:
        copy = "/bin/sh -c 'cp in/data/a.txt $AZ_BATCH_NODE_SHARED_DIR'"
        pool_with_a_node(linked, models.BatchStartTask(command_line=copy, resource_files=files))
        add_job(linked)
        linked.create_task("job", options)
        assert finished(linked, "t").execution_info.failure_info is None
        assert b"".join(linked.download_task_file("job", "t", "stdout.txt")) == b"from linked storage"
        # What is given back is what was asked for.
        assert linked.get_task("job", "t").resource_files[0].auto_storage_container_name == container.container_name
    pool_with_a_node(client)
    add_job(client)
    with pytest.raises(HttpResponseError) as refused:
        client.create_task("job", options)
    assert "autoStorageContainerName" in str(refused.value)
