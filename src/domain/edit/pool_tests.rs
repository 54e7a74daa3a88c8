use serde_json::{Value, json};

use super::super::{changed, refusals};
use super::*;
use crate::api::{AllocationState, Duration, PoolState, Timestamp};

fn there(n_nodes: i32, settings: Value) -> Pool {
    let mut all = json!({
        "id": "p", "vmSize": "standard_a1", "targetDedicatedNodes": n_nodes, "targetLowPriorityNodes": 0,
        "taskSlotsPerNode": 1, "resizeTimeout": "PT15M", "enableAutoScale": false, "enableInterNodeCommunication": false,
        "startTask": { "commandLine": "x" }, "metadata": [{ "name": "a", "value": "b" }],
    });
    for (name, value) in settings.as_object().unwrap() {
        all[name] = value.clone();
    }
    let time = Timestamp::from_secs(10);
    Pool {
        settings: serde_json::from_value(all).unwrap(),
        url: "u".into(),
        e_tag: "0x1".into(),
        last_modified: time,
        creation_time: time,
        state: PoolState::Active,
        state_transition_time: time,
        allocation_state: AllocationState::Steady,
        allocation_state_transition_time: time,
        resize_errors: None,
        current_dedicated_nodes: n_nodes,
        current_low_priority_nodes: 0,
        auto_scale_run: None,
        current_node_communication_mode: Some(NodeCommunicationMode::Simplified),
        stats: None,
    }
}

fn edit(there: &Pool, change: Value) -> Result<PoolEdit, Problem> {
    pool(there, &changed(there, change))
}

fn of_patch(patch: PoolPatch) -> PoolEdit {
    PoolEdit { patch, ..PoolEdit::default() }
}

#[test]
fn only_what_changed_is_sent() {
    let there = there(2, json!({ "userAccounts": [{ "name": "u" }] }));
    let check = |change: Value, expected: PoolEdit| assert_eq!(edit(&there, change.clone()), Ok(expected), "{change}");
    check(json!({}), PoolEdit::default());
    check(json!({ "url": null, "vmSize": "STANDARD_A1", "certificateReferences": [] }), PoolEdit::default());
    check(json!({ "metadata": null }), of_patch(PoolPatch { metadata: Some(vec![]), ..PoolPatch::default() }));
    check(json!({ "startTask": null }), PoolEdit { removes_start_task: true, ..PoolEdit::default() });
    let task = crate::api::StartTask { command_line: "y".into(), ..Default::default() };
    check(
        json!({ "startTask": { "commandLine": "y" } }),
        of_patch(PoolPatch { start_task: Some(task), ..PoolPatch::default() }),
    );
    let mode = Some(NodeCommunicationMode::Classic);
    check(
        json!({ "targetNodeCommunicationMode": "classic" }),
        of_patch(PoolPatch { target_node_communication_mode: mode, ..PoolPatch::default() }),
    );
}

#[test]
fn a_new_target_is_a_resize() {
    let resized = |pool: &Pool, change| edit(pool, change).unwrap().resize.unwrap();
    let two = there(2, json!({}));
    let resize = resized(&two, json!({ "targetDedicatedNodes": 4 }));
    assert_eq!((resize.target_dedicated_nodes, resize.target_low_priority_nodes), (Some(4), None));
    assert_eq!(resized(&two, json!({ "targetDedicatedNodes": null })).target_dedicated_nodes, Some(0));
    let with_time = resized(&two, json!({ "targetLowPriorityNodes": 1, "resizeTimeout": "PT10M" }));
    assert_eq!(with_time.resize_timeout, Some(Duration::from_secs(600)));
    let resizing = Pool { allocation_state: AllocationState::Resizing, ..two };
    let refused = refusals(edit(&resizing, json!({ "targetDedicatedNodes": 4 })));
    assert_eq!(refused, [("targetDedicatedNodes".to_owned(), Why::BeingResized)]);
}

#[test]
fn what_cannot_change_is_refused_by_its_name() {
    let full = there(2, json!({ "displayName": "P", "networkConfiguration": {} }));
    let check = |change: Value, property: &str, why: Why| {
        assert_eq!(refusals(edit(&full, change.clone())), [(property.to_owned(), why)], "{change}");
    };
    check(json!({ "id": "q" }), "id", Why::SaidOnce);
    check(json!({ "identity": { "type": "None" } }), "identity", Why::SaidOnce);
    check(json!({ "currentDedicatedNodes": 5 }), "currentDedicatedNodes", Why::ReadOnly);
    check(json!({ "vmSize": "standard_a2" }), "vmSize", Why::WantsNoNodes);
    check(json!({ "taskSlotsPerNode": 2 }), "taskSlotsPerNode", Why::WantsNoNodes);
    check(json!({ "displayName": null }), "displayName", Why::DoesNotGo);
    check(json!({ "networkConfiguration": null }), "networkConfiguration", Why::DoesNotGo);
    check(json!({ "resizeTimeout": "PT10M" }), "resizeTimeout", Why::NoNewSize);
    check(json!({ "autoScaleFormula": "$x = 1;" }), "autoScaleFormula", Why::NoAutoScale);
    check(json!({ "enableAutoScale": true }), "autoScaleFormula", Why::FormulaNeeded);
    let empty = there(0, json!({}));
    assert_eq!(edit(&empty, json!({ "taskSlotsPerNode": 2 })).unwrap().patch.task_slots_per_node, Some(2));
    assert!(matches!(edit(&full, json!({ "vmsize": "x" })), Err(Problem::Text(_))), "there is no such property");
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let refused = refusals(edit(&there(1, json!({})), json!({ "id": "q", "url": "x", "taskSlotsPerNode": 3 })));
    let names: Vec<_> = refused.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["url", "id", "taskSlotsPerNode"]);
}

#[test]
fn a_formula_takes_over_and_gives_back() {
    let fixed = there(2, json!({}));
    let on = edit(&fixed, json!({ "enableAutoScale": true, "autoScaleFormula": "f" })).unwrap();
    let enable = PoolEnableAutoScale { auto_scale_formula: Some("f".into()), auto_scale_evaluation_interval: None };
    assert_eq!(on, PoolEdit { enable_auto_scale: Some(enable.clone()), ..PoolEdit::default() });
    let sized = json!({ "enableAutoScale": true, "autoScaleFormula": "f", "targetDedicatedNodes": 9 });
    assert_eq!(refusals(edit(&fixed, sized)), [("targetDedicatedNodes".to_owned(), Why::FormulaSizes)]);

    let scaled = json!({ "enableAutoScale": true, "autoScaleFormula": "f", "autoScaleEvaluationInterval": "PT15M" });
    let scaled = there(2, scaled);
    let new = edit(&scaled, json!({ "autoScaleFormula": "g" })).unwrap().enable_auto_scale.unwrap();
    assert_eq!((new.auto_scale_formula.as_deref(), new.auto_scale_evaluation_interval), (Some("g"), None));
    let new = edit(&scaled, json!({ "autoScaleEvaluationInterval": "PT30M" })).unwrap().enable_auto_scale.unwrap();
    assert_eq!((new.auto_scale_formula, new.auto_scale_evaluation_interval), (None, Some(Duration::from_secs(1800))));
    assert_eq!(edit(&scaled, json!({ "autoScaleEvaluationInterval": null })), Ok(PoolEdit::default()));

    let off = json!({ "enableAutoScale": false, "autoScaleFormula": null, "autoScaleEvaluationInterval": null });
    let plain = edit(&scaled, off.clone()).unwrap();
    assert_eq!(plain, PoolEdit { disables_auto_scale: true, ..PoolEdit::default() });
    let mut sized = off;
    sized["targetDedicatedNodes"] = 3.into();
    let resized = edit(&scaled, sized).unwrap();
    assert_eq!((resized.disables_auto_scale, resized.resize.unwrap().target_dedicated_nodes), (true, Some(3)));
}
