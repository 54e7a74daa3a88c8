"""Pools that size themselves by a formula, with the client of version 14."""

import datetime

import pytest
from azure.batch import BatchServiceClient, models

from support.waiting import until

FORMULA = """
// One node while there are tasks, none else.
$tasks = max(0, $PendingTasks.GetSample(1));
$TargetDedicatedNodes = $tasks > 0 ? 1 : 0;
$NodeDeallocationOption = taskcompletion;
"""


def make_pool(client: BatchServiceClient, **settings: object) -> None:
    image = models.ImageReference(publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts")
    machine = models.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04")
    client.pool.add(
        models.PoolAddParameter(
            id="pool", vm_size="standard_d2s_v3", virtual_machine_configuration=machine, **settings
        )
    )


def last_run(client: BatchServiceClient) -> models.AutoScaleRun | None:
    return client.pool.get("pool").auto_scale_run


def test_a_pool_is_made_with_a_formula_and_gets_a_node_for_its_task(client: BatchServiceClient) -> None:
    client.job.add(models.JobAddParameter(id="job", pool_info=models.PoolInformation(pool_id="pool")))
    client.task.add("job", models.TaskAddParameter(id="task", command_line="/bin/true"))
    make_pool(client, enable_auto_scale=True, auto_scale_formula=FORMULA)
    until("its task completes", lambda: client.task.get("job", "task").state == models.TaskState.completed)
    run = last_run(client)
    assert run.error is None
    assert "$TargetDedicatedNodes=1;" in run.results
    assert run.results.endswith("$NodeDeallocationOption=taskcompletion;$tasks=1")
    assert client.pool.get("pool").auto_scale_evaluation_interval == datetime.timedelta(minutes=15)


def test_autoscale_is_enabled_evaluated_and_disabled(client: BatchServiceClient) -> None:
    make_pool(client, target_dedicated_nodes=0)
    with pytest.raises(models.BatchErrorException) as refused:
        client.pool.evaluate_auto_scale("pool", FORMULA)
    assert refused.value.error.code == "OperationNotValidOnPool"

    interval = datetime.timedelta(minutes=8)
    client.pool.enable_auto_scale("pool", auto_scale_formula=FORMULA, auto_scale_evaluation_interval=interval)
    pool = client.pool.get("pool")
    assert (pool.enable_auto_scale, pool.auto_scale_formula) == (True, FORMULA)
    assert pool.auto_scale_evaluation_interval == interval
    until("the first run", lambda: last_run(client))

    run = client.pool.evaluate_auto_scale("pool", "$TargetDedicatedNodes = 5; x = 1 / 4;")
    assert run.results.startswith("$TargetDedicatedNodes=5;") and run.results.endswith(";x=0.25")
    failed = client.pool.evaluate_auto_scale("pool", "x = $PendingTasks.GetSample(TimeInterval_Day, 90);")
    assert failed.error.code == "InsufficientSampleData"
    assert "$PendingTasks wanted 90%" in failed.error.values[0].value
    with pytest.raises(models.BatchErrorException) as refused:
        client.pool.evaluate_auto_scale("pool", "x = 1;\ny = unknown;")
    assert refused.value.error.code == "AutoScalingFormulaSyntaxError"
    assert {value.key: value.value for value in refused.value.error.values}["Line"] == "2"
    with pytest.raises(models.BatchErrorException) as refused:
        client.pool.resize("pool", models.PoolResizeParameter(target_dedicated_nodes=1))
    assert refused.value.error.code == "OperationNotValidOnPool"

    client.pool.disable_auto_scale("pool")
    pool = client.pool.get("pool")
    assert (pool.enable_auto_scale, pool.auto_scale_formula, pool.auto_scale_run) == (False, None, None)
    assert pool.target_dedicated_nodes == 0
