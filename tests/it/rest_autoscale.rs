//! Autoscale through REST: what is accepted, refused and given back.

use fournil::api::{AllocationState, Duration};
use serde_json::{Value, json};

use crate::support::rest::Rest;

const FORMULA: &str = "wanted = 2; $TargetDedicatedNodes = wanted; $NodeDeallocationOption = taskcompletion;";

fn scaled(id: &str, formula: &str) -> Value {
    json!({ "id": id, "vmSize": "local_2", "enableAutoScale": true, "autoScaleFormula": formula })
}

async fn post(rest: &Rest, action: &str) -> crate::support::rest::Answer {
    rest.send(rest.ask("POST", action)).await
}

/// With pool `p`, whose formula keeps it empty, after its first run.
async fn with_pool() -> Rest {
    let rest = Rest::new().await;
    rest.post("/pools", scaled("p", "$TargetDedicatedNodes = 0;")).await.is(201);
    rest.world.until_pool("p", |p| p.pool.auto_scale_run.is_some()).await;
    rest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_with_a_formula_sizes_itself_and_tells_its_last_run() {
    let rest = Rest::new().await;
    rest.post("/pools", scaled("p", FORMULA)).await.is(201);
    rest.world.until_pool("p", |p| p.pool.auto_scale_run.is_some()).await;
    let pool = rest.get("/pools/p").await.is(200).json();
    assert_eq!((&pool["allocationState"], &pool["targetDedicatedNodes"]), (&json!("resizing"), &json!(2)));
    let settings = (&pool["enableAutoScale"], &pool["autoScaleFormula"], &pool["autoScaleEvaluationInterval"]);
    assert_eq!(settings, (&json!(true), &json!(FORMULA), &json!("PT15M")));
    let results = "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=taskcompletion;wanted=2";
    assert_eq!(pool["autoScaleRun"], json!({ "timestamp": "2027-01-15T08:00:00Z", "results": results }));
    let _nodes = (rest.world.node().await, rest.world.node().await);
    rest.world.until_pool("p", |p| p.pool.allocation_state == AllocationState::Steady).await;
    let listed = rest.get("/pools?$filter=enableAutoScale%20eq%20true&$select=id,autoScaleRun").await.is(200).json();
    assert_eq!(listed["value"][0]["autoScaleRun"]["results"], results);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn autoscale_is_turned_on_changed_and_off() {
    let rest = Rest::new().await;
    rest.post("/pools", json!({ "id": "p", "vmSize": "local_2", "targetDedicatedNodes": 0 })).await.is(201);
    rest.post("/pools/p/enableautoscale", json!({})).await.is_error(400, "InvalidAutoScalingSettings");
    post(&rest, "/pools/p/disableautoscale").await.is_error(409, "OperationNotValidOnPool");
    let enable = json!({ "autoScaleFormula": "$TargetDedicatedNodes=0;", "autoScaleEvaluationInterval": "PT8M" });
    let enabled = rest.post("/pools/p/enableautoscale", enable).await.is(200);
    assert_eq!(enabled.header("dataserviceid"), "http://batch.example:8080/pools/p");
    rest.world.until_pool("p", |p| p.pool.auto_scale_run.is_some()).await;

    let change = json!({ "autoScaleEvaluationInterval": "PT05M00S" });
    let refused = rest.post("/pools/p/enableautoscale", change.clone()).await;
    refused.is_error(429, "TooManyEnableAutoScaleRequests");
    assert_eq!(refused.header("retry-after"), "30");
    rest.world.clock.forward(Duration::from_secs(30));
    rest.post("/pools/p/enableautoscale", change).await.is(200);
    let pool = rest.get("/pools/p").await.json();
    assert_eq!(
        (&pool["autoScaleFormula"], &pool["autoScaleEvaluationInterval"]),
        (&json!("$TargetDedicatedNodes=0;"), &json!("PT5M"))
    );
    rest.world.clock.forward(Duration::from_secs(30));
    rest.post("/pools/p/enableautoscale", json!({})).await.is_error(400, "InvalidAutoScalingSettings");

    post(&rest, "/pools/p/disableautoscale").await.is(200);
    let pool = rest.get("/pools/p").await.json();
    assert_eq!((&pool["enableAutoScale"], &pool["targetDedicatedNodes"]), (&json!(false), &json!(0)));
    for gone in ["autoScaleFormula", "autoScaleEvaluationInterval", "autoScaleRun"] {
        assert_eq!(pool.get(gone), None, "{gone}");
    }
    rest.post("/pools/p/resize", json!({ "targetDedicatedNodes": 1 })).await.is(202);
    let enable = json!({ "autoScaleFormula": "$TargetDedicatedNodes=0;" });
    rest.post("/pools/p/enableautoscale", enable.clone()).await.is_error(409, "PoolBeingResized");
    rest.post("/pools/q/enableautoscale", enable).await.is_error(404, "PoolNotFound");
    post(&rest, "/pools/q/disableautoscale").await.is_error(404, "PoolNotFound");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_with_autoscale_is_not_resized_by_hand() {
    let rest = with_pool().await;
    let refused = rest.post("/pools/p/resize", json!({ "targetDedicatedNodes": 1 })).await;
    assert!(refused.is_error(409, "OperationNotValidOnPool").value("Reason").contains("autoscale"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_formula_is_tried_without_effect() {
    let rest = with_pool().await;
    let before = rest.get("/pools/p").await.json();
    let formula = "$TargetDedicatedNodes = 3.7; $v = $PendingTasks.GetSample(1); t = time();";
    let tried = rest.post("/pools/p/evaluateautoscale", json!({ "autoScaleFormula": formula })).await.is(200).json();
    assert_eq!(tried["timestamp"], "2027-01-15T08:00:00Z");
    let results = "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;$v=[0];t=2027-01-15T08:00:00Z";
    assert_eq!((&tried["results"], tried.get("error")), (&json!(results), None));

    let few = "x = $PendingTasks.GetSample(TimeInterval_Hour, 70);";
    let failed = rest.post("/pools/p/evaluateautoscale", json!({ "autoScaleFormula": few })).await.is(200).json();
    assert_eq!(failed["error"]["code"], "InsufficientSampleData");
    let message = "Line 1, Col 19: Insufficient data from data set: $PendingTasks wanted 70%, received 0%";
    assert_eq!(failed["error"]["values"][0], json!({ "name": "Message", "value": message }));
    let failed =
        rest.post("/pools/p/evaluateautoscale", json!({ "autoScaleFormula": "x=1;\ny=1/0;" })).await.is(200).json();
    assert_eq!(failed["error"]["code"], "AutoScalingFormulaEvaluationError");
    assert_eq!(failed["error"]["values"][1], json!({ "name": "Line", "value": "2" }));

    let refused = rest.post("/pools/p/evaluateautoscale", json!({ "autoScaleFormula": "x = $Nothing;" })).await;
    assert_eq!(refused.is_error(400, "AutoScalingFormulaSyntaxError").value("Column"), "5");
    rest.post("/pools/p/evaluateautoscale", json!({})).await.is_error(400, "MissingRequiredProperty");
    assert_eq!(rest.get("/pools/p").await.json(), before);
    post(&rest, "/pools/p/disableautoscale").await.is(200);
    let formula = json!({ "autoScaleFormula": "x=1" });
    rest.post("/pools/p/evaluateautoscale", formula).await.is_error(409, "OperationNotValidOnPool");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_settings_is_named() {
    let rest = with_pool().await;
    let create = async |change: Value, code: &str, property: &str| {
        let mut body = scaled("q", "x = 1");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = rest.post("/pools", body).await;
        assert_eq!(refused.is_error(400, code).value("PropertyName"), property);
        refused
    };
    let settings = "InvalidAutoScalingSettings";
    create(json!({ "targetDedicatedNodes": 1 }), settings, "targetDedicatedNodes").await;
    create(json!({ "enableAutoScale": false }), settings, "autoScaleFormula").await;
    create(json!({ "autoScaleFormula": null }), settings, "autoScaleFormula").await;
    let interval = "autoScaleEvaluationInterval";
    create(json!({ interval: "PT4M59S" }), "InvalidPropertyValue", interval).await;
    create(json!({ interval: "P7DT1S" }), "InvalidPropertyValue", interval).await;
    let formula = json!({ "autoScaleFormula": "x = 1;\n  $TargetDedicatedNodes = max(x;" });
    let refused = create(formula.clone(), "AutoScalingFormulaSyntaxError", "autoScaleFormula").await;
    let error = refused.is_error(400, "AutoScalingFormulaSyntaxError");
    assert_eq!((error.value("Line"), error.value("Column")), ("2".to_owned(), "32".to_owned()));
    create(json!({ "autoScaleFormula": "x".repeat(8193) }), "AutoScalingFormulaTooLong", "autoScaleFormula").await;

    rest.post("/pools/p/enableautoscale", formula).await.is_error(400, "AutoScalingFormulaSyntaxError");
    rest.post("/pools/p/enableautoscale", json!({ interval: "PT1M" })).await.is_error(400, "InvalidPropertyValue");
    rest.post("/pools/p/enableautoscale", json!({ interval: "P7D" })).await.is(200);
}
