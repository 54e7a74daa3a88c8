"""What a user at a shell does: a pool, a job, tasks, their output, and the end of it all."""

import pathlib

from support.azure_cli import Az
from support.waiting import until

IMAGE = ["--image", "canonical:0001-com-ubuntu-server-jammy:22_04-lts", "--node-agent-sku-id", "batch.node.ubuntu 22.04"]
COMMAND = "/bin/sh -c 'echo hello from $AZ_BATCH_TASK_ID; echo oops >&2'"


def make_pool(az: Az, nodes: int = 1) -> None:
    size = ["--vm-size", "standard_d2s_v3", "--target-dedicated-nodes", str(nodes), "--task-slots-per-node", "4"]
    az("pool create", "--id", "pool", *size, *IMAGE)


def completed(az: Az, task: str) -> bool:
    return az("task show", "--job-id", "job", "--task-id", task, "--query", "state") == "completed"


def test_a_task_runs_and_its_files_are_downloaded(az: Az, tmp_path: pathlib.Path) -> None:
    make_pool(az)
    az("job create", "--id", "job", "--pool-id", "pool")
    task = ["--job-id", "job", "--task-id", "one"]
    created = az("task create", *task, "--command-line", COMMAND, "--environment-settings", "A=b")
    assert created["id"] == "one" and created["environmentSettings"] == [{"name": "A", "value": "b"}]
    until("the task completes", lambda: completed(az, "one"))
    done = az("task show", *task)
    assert (done["executionInfo"]["exitCode"], done["executionInfo"]["result"]) == (0, "success")

    names = [file["name"] for file in az("task file list", *task, "--recursive")]
    assert {"stdout.txt", "stderr.txt", "wd"} <= set(names)

    def download(command: str, *words: str) -> str:
        destination = tmp_path / "file"
        destination.unlink(missing_ok=True)
        az(command, *words, "--destination", str(destination))
        return destination.read_text()

    stdout = [*task, "--file-path", "stdout.txt"]
    assert download("task file download", *stdout) == "hello from one\n"
    assert download("task file download", *stdout, "--start-range", "6", "--end-range", "9") == "from"

    node = az("node list", "--pool-id", "pool")[0]
    assert node["id"] == done["nodeInfo"]["nodeId"]
    on_node = ["--pool-id", "pool", "--node-id", node["id"]]
    path = f"{done['nodeInfo']['taskRootDirectory']}/stderr.txt"
    assert path in [file["name"] for file in az("node file list", *on_node, "--recursive")]
    assert download("node file download", *on_node, "--file-path", path) == "oops\n"
    assert az("node show", *on_node)["recentTasks"][0]["taskId"] == "one"
    counts = az("pool node-counts list")
    assert [(c["poolId"], c["dedicated"]["total"]) for c in counts] == [("pool", 1)]

    az("task file delete", *stdout, "--yes")
    assert "stdout.txt" not in [file["name"] for file in az("task file list", *task)]


def test_json_files_are_bodies_of_rest(az: Az) -> None:
    image = {"publisher": "canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts", "version": "latest"}
    machine = {"imageReference": image, "nodeAgentSKUId": "batch.node.ubuntu 22.04"}
    pool = {"id": "pool", "vmSize": "local_1", "virtualMachineConfiguration": machine, "targetDedicatedNodes": 1}
    az.with_file("pool create", pool)
    job = {"id": "job", "priority": 5, "poolInfo": {"poolId": "pool"}, "metadata": [{"name": "a", "value": "b"}]}
    az.with_file("job create", job)
    shown = az("job show", "--job-id", "job")
    assert (shown["priority"], shown["metadata"]) == (5, [{"name": "a", "value": "b"}])

    tasks = [{"id": f"t{n}", "commandLine": f"/bin/sh -c 'exit {n}'"} for n in range(3)]
    added = az.with_file("task create --job-id job", tasks)
    assert {task["taskId"]: task["status"] for task in added} == {"t0": "success", "t1": "success", "t2": "success"}
    until("all complete", lambda: counts(az)["completed"] == 3)
    assert (counts(az)["succeeded"], counts(az)["failed"]) == (1, 2)


def counts(az: Az) -> dict:
    return az("job task-counts show", "--job-id", "job")["taskCounts"]


def test_a_job_is_changed_disabled_enabled_stopped_and_deleted(az: Az) -> None:
    make_pool(az)
    az("job create", "--id", "job", "--pool-id", "pool")
    az("task create", "--job-id", "job", "--task-id", "long", "--command-line", "/bin/sleep 600")
    long = ["--job-id", "job", "--task-id", "long"]

    def until_task(state: str) -> None:
        until(f"the task is {state}", lambda: az("task show", *long, "--query", "state") == state)

    until_task("running")
    az("job set", "--job-id", "job", "--priority", "9")
    assert az("job show", "--job-id", "job", "--query", "priority") == 9
    az("job disable", "--job-id", "job", "--disable-tasks", "requeue")
    until("it is disabled", lambda: az("job show", "--job-id", "job", "--query", "state") == "disabled")
    until_task("active")
    az("job enable", "--job-id", "job")
    until_task("running")
    az("task stop", *long)
    until_task("completed")
    az("task reactivate", *long)
    until_task("running")
    az("job stop", "--job-id", "job", "--terminate-reason", "enough")
    until("it is completed", lambda: az("job show", "--job-id", "job", "--query", "state") == "completed")
    assert az("job show", "--job-id", "job", "--query", "executionInfo.terminateReason") == "enough"
    az("task delete", *long, "--yes")
    assert az("task list", "--job-id", "job") == []
    az("job delete", "--job-id", "job", "--yes")
    until("it is gone", lambda: az("job list") == [])


def test_a_pool_is_resized_changed_and_deleted(az: Az) -> None:
    make_pool(az, nodes=0)
    az("pool resize", "--pool-id", "pool", "--target-dedicated-nodes", "2")
    until("it has nodes", lambda: az("pool show", "--pool-id", "pool", "--query", "currentDedicatedNodes") == 2)
    until("it is steady", lambda: az("pool show", "--pool-id", "pool", "--query", "allocationState") == "steady")
    leaver = az("node list", "--pool-id", "pool", "--query", "[0].id")
    az("node delete", "--pool-id", "pool", "--node-list", leaver)
    until("it has left", lambda: leaver not in az("node list", "--pool-id", "pool", "--query", "[].id"))
    az("pool set", "--pool-id", "pool", "--metadata", "owner=me")
    shown = az("pool show", "--pool-id", "pool", "--select", "id,metadata")
    assert shown["metadata"] == [{"name": "owner", "value": "me"}] and "vmSize" not in shown
    az("pool reset", "--pool-id", "pool", "--metadata", "other=you")
    shown = az("pool show", "--pool-id", "pool")
    assert shown["metadata"] == [{"name": "other", "value": "you"}]
    az("pool delete", "--pool-id", "pool", "--yes")
    until("it is gone", lambda: az("pool list") == [])
