"""Pools that size themselves by a formula, with the client of version 15."""

import datetime

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from support.waiting import until
from test_pool_settings import machine

FORMULA = "$TargetDedicatedNodes = 1;\n$NodeDeallocationOption = taskcompletion;"


def make_pool(client: BatchClient, **settings: object) -> None:
    client.create_pool(
        models.BatchPoolCreateOptions(
            id="pool", vm_size="standard_d2s_v3", virtual_machine_configuration=machine(), **settings
        )
    )


def test_a_pool_is_made_with_a_formula_and_follows_it(client: BatchClient) -> None:
    interval = datetime.timedelta(minutes=5)
    make_pool(client, enable_auto_scale=True, auto_scale_formula=FORMULA, auto_scale_evaluation_interval=interval)
    pool = until("it has its node", lambda: one_node(client))
    assert pool.auto_scale_run.error is None
    assert pool.auto_scale_run.results.startswith("$TargetDedicatedNodes=1;$TargetLowPriorityNodes=0;")
    assert pool.auto_scale_evaluation_interval == interval
    assert [p.id for p in client.list_pools(filter="enableAutoScale eq true")] == ["pool"]


def one_node(client: BatchClient) -> models.BatchPool | None:
    pool = client.get_pool("pool")
    return pool if pool.current_dedicated_nodes == 1 and pool.allocation_state == "steady" else None


def test_autoscale_is_enabled_evaluated_and_disabled(client: BatchClient) -> None:
    make_pool(client, target_dedicated_nodes=0)
    enable = models.BatchPoolEnableAutoScaleOptions(
        auto_scale_formula="$TargetDedicatedNodes = 0;", auto_scale_evaluation_interval=datetime.timedelta(hours=168)
    )
    client.enable_pool_auto_scale("pool", enable)
    until("the first run", lambda: client.get_pool("pool").auto_scale_run)
    run = client.evaluate_pool_auto_scale(
        "pool", models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes = 2.5;")
    )
    assert (run.error, run.results.split(";")[0]) == (None, "$TargetDedicatedNodes=2")
    with pytest.raises(HttpResponseError) as refused:
        client.evaluate_pool_auto_scale("pool", models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="x = ("))
    assert "AutoScalingFormulaSyntaxError" in str(refused.value)
    client.disable_pool_auto_scale("pool")
    pool = client.get_pool("pool")
    assert (pool.enable_auto_scale, pool.auto_scale_formula) == (False, None)
