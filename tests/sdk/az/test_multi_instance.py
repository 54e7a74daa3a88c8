"""A task on two nodes, made of a file, and its subtasks."""

import json
import pathlib

from az.test_life import IMAGE, completed
from support.azure_cli import Az
from support.waiting import until


def test_subtasks_are_listed(az: Az, tmp_path: pathlib.Path) -> None:
    size = ["--vm-size", "standard_d2s_v3", "--target-dedicated-nodes", "2", "--enable-inter-node-communication"]
    az("pool create", "--id", "pool", *size, *IMAGE)
    az("job create", "--id", "job", "--pool-id", "pool")
    task = {
        "id": "wide",
        "commandLine": "/bin/sh -c 'echo $AZ_BATCH_HOST_LIST'",
        "multiInstanceSettings": {"numberOfInstances": 2, "coordinationCommandLine": "true"},
    }
    file = tmp_path / "task.json"
    file.write_text(json.dumps(task))
    az("task create", "--job-id", "job", "--json-file", str(file))
    until("the task completes", lambda: completed(az, "wide"))
    subtasks = az("task subtask list", "--job-id", "job", "--task-id", "wide")
    assert [(s["id"], s["state"], s["result"]) for s in subtasks] == [(1, "completed", "success")]
