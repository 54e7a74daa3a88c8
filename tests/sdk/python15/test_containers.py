"""Tasks that run in containers, with real ones where the machine lets them be."""

import os
import sys
from collections.abc import Iterator

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError

from python15.test_pool_settings import machine
from support.containers import IMAGE, ContainerProgram, Unavailable
from support.server import Server
from support.waiting import until


@pytest.fixture(scope="module")
def program() -> Iterator[ContainerProgram]:
    if os.geteuid() != 0:
        pytest.skip("containers are tried as root only")
    try:
        program = ContainerProgram()
    except Unavailable as reason:
        # A skipped test says nothing of why; the log of the tests should.
        print(f"no containers here: {reason}", file=sys.__stderr__)
        pytest.skip(f"no containers here: {reason}")
    yield program
    program.remove()


@pytest.fixture(scope="module")
def client(program: ContainerProgram) -> Iterator[BatchClient]:
    server = Server("--container-runtime", program.path)
    account = server.create_account("boxes")
    with BatchClient(account.url, AzureNamedKeyCredential(account.name, account.primary)) as client:
        yield client
    server.stop()
    print(server.logs(), file=sys.stderr)


def ended(client: BatchClient, task: str) -> models.BatchTask:
    until(f"{task} is completed", lambda: client.get_task("job", task).state == models.BatchTaskState.COMPLETED)
    return client.get_task("job", task)


def output(client: BatchClient, task: str) -> str:
    return b"".join(client.download_task_file("job", task, "stdout.txt")).decode()


def task_of(id: str, command: str, image: str = IMAGE, **settings: object) -> models.BatchTaskCreateOptions:
    container = models.BatchTaskContainerSettings(image_name=image, **settings)
    return models.BatchTaskCreateOptions(id=id, command_line=command, container_settings=container)


def test_tasks_of_a_pool_with_containers_run_in_them(client: BatchClient, program: ContainerProgram) -> None:
    containers = models.BatchContainerConfiguration(
        type=models.ContainerType.DOCKER_COMPATIBLE, container_image_names=[IMAGE]
    )
    pool = models.BatchPoolCreateOptions(
        id="pool",
        vm_size="standard_d2s_v3",
        virtual_machine_configuration=machine(container_configuration=containers),
        target_dedicated_nodes=1,
        start_task=models.BatchStartTask(
            command_line="/bin/echo ready",
            container_settings=models.BatchTaskContainerSettings(image_name=IMAGE),
            wait_for_success=True,
        ),
    )
    client.create_pool(pool)
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
    # Nothing but busybox is in the image: not even the folder in which the machine has its programs.
    script = "/bin/sh -c 'cd / && echo *; pwd; echo $AZ_BATCH_TASK_ID $MINE; echo made > $AZ_BATCH_TASK_WORKING_DIR/made; exit 3'"
    client.create_task("job", task_of("inside", script, container_run_options="--rm -e MINE=yes"))
    client.create_task("job", task_of("own", ""))
    client.create_task("job", task_of("missing", "true", image="127.0.0.1:1/nothing:1"))

    task = ended(client, "inside")
    assert (task.execution_info.exit_code, task.execution_info.failure_info.code) == (3, "FailureExitCode")
    found, pwd, words = output(client, "inside").splitlines()
    assert "usr" not in found.split() and "mnt" in found.split()
    assert (pwd, words) == ("/", "inside yes")
    info = task.execution_info.container_info
    assert (len(info.container_id), info.state, info.error) == (64, "exited", None)
    assert b"".join(client.download_task_file("job", "inside", "wd/made")) == b"made\n"

    task = ended(client, "own")
    assert (task.execution_info.exit_code, task.execution_info.result) == (0, models.BatchTaskExecutionResult.SUCCESS)
    assert output(client, "own") == "the image's own\n"

    failure = ended(client, "missing").execution_info.failure_info
    assert (failure.code, failure.category) == ("ContainerInvalidImage", models.BatchErrorSourceCategory.USER_ERROR)

    [node] = client.list_nodes("pool")
    assert node.start_task_info.container_info.state == "exited"
    assert program.run("ps", "--all", "--quiet") == ""

    with pytest.raises(HttpResponseError) as refused:
        client.create_task("job", models.BatchTaskCreateOptions(id="outside", command_line="true"))
    assert refused.value.status_code == 400
    assert "containerSettings" in str(refused.value)
