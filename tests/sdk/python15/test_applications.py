"""Application packages: listed, and run by a pool's start task and by tasks."""

from azure.batch import BatchClient, models

from support.packages import GREETING, Packages, zip_file
from support.server import Account, Server
from support.waiting import until


def completed(client: BatchClient, name: str) -> models.BatchTask | None:
    found = client.get_task("job", name)
    return found if found.state == models.BatchTaskState.COMPLETED else None


def test_programs_of_packages_run(client: BatchClient, server: Server, account: Account) -> None:
    packages = Packages(server, account)
    assert list(client.list_applications()) == []
    packages.activate("Tool", "1.0", zip_file())
    (found,) = client.list_applications()
    assert (found.id, found.display_name, found.versions) == ("Tool", "The Tool", ["1.0"])
    assert client.get_application("Tool").versions == ["1.0"]

    reference = models.BatchApplicationPackageReference(application_id="Tool", version="1.0")
    start = "/bin/sh -c '$AZ_BATCH_APP_PACKAGE_Tool_1_0/bin/greet > $AZ_BATCH_NODE_SHARED_DIR/start'"
    client.create_pool(
        models.BatchPoolCreateOptions(
            id="pool",
            vm_size="local_1",
            target_dedicated_nodes=1,
            application_package_references=[reference],
            start_task=models.BatchStartTask(command_line=start),
        )
    )
    client.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool")))

    def run(name: str, command: str, *references: models.BatchApplicationPackageReference) -> models.BatchTask:
        line = f"/bin/sh -c '{command}'"
        options = models.BatchTaskCreateOptions(id=name, command_line=line, application_package_references=references)
        client.create_task("job", options)
        return until(f"{name} completes", lambda: completed(client, name))

    def output(name: str) -> str:
        return b"".join(client.download_task_file("job", name, "stdout.txt")).decode()

    assert run("pool", "cat $AZ_BATCH_NODE_SHARED_DIR/start").execution_info.exit_code == 0
    assert output("pool") == f"{GREETING}\n"
    packages.activate("Other", "2", zip_file("hello from another"))
    packages.ask("PATCH", "/applications/Other", {"properties": {"defaultVersion": "2"}})
    default = models.BatchApplicationPackageReference(application_id="Other")
    assert run("task", "$AZ_BATCH_APP_PACKAGE_OTHER/bin/greet", default).execution_info.exit_code == 0
    assert output("task") == "hello from another\n"
    # A package that is replaced reaches tasks that begin later.
    packages.activate("Other", "2", zip_file("newer"))
    run("later", "$AZ_BATCH_APP_PACKAGE_Other_2/bin/greet", default)
    assert output("later") == "newer\n"

    missing = models.BatchApplicationPackageReference(application_id="None", version="1")
    failed = run("missing", "echo ran", missing).execution_info
    assert (failed.exit_code, failed.failure_info.code) == (None, "ApplicationPackageError")
