"""Users of a pool's own, as which its tasks run."""

import os

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from python15.test_pool_settings import machine
from support.waiting import until

WHO = "/bin/sh -c 'echo $(id -u) $USER'"
ANNA = models.UserIdentity(username="anna")
OWN = models.UserIdentity(auto_user=models.AutoUserSpecification(scope=models.AutoUserScope.TASK))


def output(client: BatchClient, task: str) -> str:
    until(f"{task} is completed", lambda: client.get_task("job", task).state == models.BatchTaskState.COMPLETED)
    return b"".join(client.download_task_file("job", task, "stdout.txt")).decode()


def test_tasks_run_as_accounts_and_as_users_of_their_own(client: BatchClient) -> None:
    accounts = [
        models.UserAccount(
            name="anna",
            password="secret-of-anna",
            elevation_level=models.ElevationLevel.NON_ADMIN,
            linux_user_configuration=models.LinuxUserConfiguration(uid=1500, gid=1500),
        ),
    ]
    pool = models.BatchPoolCreateOptions(
        id="pool",
        vm_size="standard_d2s_v3",
        virtual_machine_configuration=machine(),
        target_dedicated_nodes=1,
        user_accounts=accounts,
    )
    client.create_pool(pool)
    [found] = client.get_pool("pool").user_accounts
    assert (found.name, found.password, found.linux_user_configuration.uid) == ("anna", None, 1500)
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))
    for name, identity in [("pools", None), ("annas", ANNA), ("own", OWN)]:
        client.create_task("job", models.BatchTaskCreateOptions(id=name, command_line=WHO, user_identity=identity))
    assert client.get_task("job", "annas").user_identity == ANNA
    pools, annas, own = (output(client, name) for name in ["pools", "annas", "own"])
    if os.geteuid() == 0:
        assert annas == "1500 anna\n"
        assert own.split()[1].startswith("_azbatchtask_")
    else:
        assert pools == annas == own
    nobody = models.BatchTaskCreateOptions(
        id="nobody", command_line=WHO, user_identity=models.UserIdentity(username="nobody")
    )
    with pytest.raises(HttpResponseError) as refused:
        client.create_task("job", nobody)
    assert refused.value.status_code == 400
    assert "userIdentity.username" in str(refused.value)
