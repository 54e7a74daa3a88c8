"""Users of a pool's own, by the older client."""

from azure.batch import BatchServiceClient, models

from python14.test_life import make_pool


def test_a_pool_has_accounts_and_its_tasks_name_them(client: BatchServiceClient) -> None:
    accounts = [
        models.UserAccount(name="anna", password="secret", elevation_level=models.ElevationLevel.non_admin),
        models.UserAccount(name="boss", password="secret", elevation_level=models.ElevationLevel.admin),
    ]
    make_pool(client, user_accounts=accounts)
    found = client.pool.get("pool").user_accounts
    assert [(account.name, account.password) for account in found] == [("anna", None), ("boss", None)]
    client.job.add(
        models.JobAddParameter(
            id="job",
            pool_info=models.PoolInformation(pool_id="pool"),
            job_manager_task=models.JobManagerTask(
                id="manager", command_line="/bin/true", user_identity=models.UserIdentity(user_name="anna")
            ),
        )
    )
    assert client.task.get("job", "manager").user_identity.user_name == "anna"
    scope = models.AutoUserSpecification(scope=models.AutoUserScope.task, elevation_level="nonAdmin")
    task = models.TaskAddParameter(
        id="own", command_line="/bin/true", user_identity=models.UserIdentity(auto_user=scope)
    )
    client.task.add("job", task)
    assert client.task.get("job", "own").user_identity.auto_user.scope == models.AutoUserScope.task
