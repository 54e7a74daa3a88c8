//! Formulas run by themselves, by the clock of the test; samples are taken; the pool follows.

use fournil::api::agent::{FromAgent, Sample, Traffic};
use fournil::api::{self, AllocationState, Duration};
use fournil::service::pool;

use crate::support::world::World;

async fn make(world: &World, id: &str, formula: &str) {
    let create = api::PoolCreate {
        id: id.into(),
        vm_size: "local_2".into(),
        enable_auto_scale: Some(true),
        auto_scale_formula: Some(formula.into()),
        auto_scale_evaluation_interval: Some(Duration::from_mins(5)),
        ..Default::default()
    };
    pool::pool_create(&world.cx, &world.caller, &world.account, create).await.unwrap();
}

fn run(pool: &api::PoolSummary) -> api::AutoScaleRun {
    pool.pool.auto_scale_run.clone().expect("it has run")
}

/// What a run says of a variable.
fn value(pool: &api::PoolSummary, name: &str) -> String {
    let results = run(pool).results.unwrap();
    let found = results.split(';').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    found.unwrap_or_else(|| panic!("{results}")).to_owned()
}

/// The run of this moment.
async fn ran(world: &World, id: &str) -> api::PoolSummary {
    let now = world.cx.clock.now();
    world.until_pool(id, |p| p.pool.auto_scale_run.as_ref().is_some_and(|run| run.timestamp == now)).await
}

async fn steady(world: &World, id: &str, n_nodes: i32) -> api::PoolSummary {
    let is_so = |p: &api::PoolSummary| {
        p.pool.allocation_state == AllocationState::Steady && p.pool.current_dedicated_nodes == n_nodes
    };
    world.until_pool(id, is_so).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_grows_with_its_tasks_and_shrinks_when_they_are_done() {
    let world = World::new().await;
    make(&world, "p", "$TargetDedicatedNodes = min(1, $PendingTasks.GetSample(1));").await;
    assert_eq!(value(&ran(&world, "p").await, "$TargetDedicatedNodes"), "0");
    world.job("j", "p").await;
    world.tasks("j", &["a", "b"]).await;
    world.clock.forward(Duration::from_mins(5));
    assert_eq!(value(&ran(&world, "p").await, "$TargetDedicatedNodes"), "1");
    let mut node = world.node().await;
    steady(&world, "p", 1).await;

    let mut n_ended = 0;
    while n_ended < 2 {
        for task in node.runs().await {
            node.started(&task);
            node.ended(&task, 0);
            n_ended += 1;
        }
    }
    world
        .until("all have ended", async || (world.job_get("j").await?.counts.task_counts.completed == 2).then_some(()))
        .await;
    world.clock.forward(Duration::from_mins(5));
    let pool = ran(&world, "p").await;
    assert_eq!(pool.pool.settings.target_dedicated_nodes, Some(0));
    steady(&world, "p", 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_formula_is_run_each_interval_and_not_in_between() {
    let world = World::new().await;
    make(&world, "p", "x = rand(); $TargetDedicatedNodes = 0;").await;
    let first = ran(&world, "p").await;
    let begun = world.cx.clock.now();
    assert_eq!(first.next_auto_scale, Some(begun.plus(Duration::from_mins(5))));
    world.clock.forward(Duration::from_secs(299));
    // Other work of the scheduler goes on meanwhile.
    world.pool("other", 0, 1).await;
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    assert_eq!(world.pool_get("p").await.map(|p| run(&p)), Some(run(&first)));
    world.clock.forward(Duration::from_secs(1));
    let second = ran(&world, "p").await;
    assert_ne!(run(&second).results, run(&first).results);
    // A server that was away for long runs it once, and keeps the beat.
    world.clock.forward(Duration::from_mins(61));
    let world = world.restart().await;
    let third = ran(&world, "p").await;
    assert_eq!(third.next_auto_scale, Some(begun.plus(Duration::from_mins(70))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_fails_keeps_the_pool_and_says_why() {
    let world = World::new().await;
    let formula = "$TargetDedicatedNodes = 1; x = time() > time(\"2027-01-15T08:01:00Z\") ? 1 / 0 : 1;";
    make(&world, "p", formula).await;
    make(&world, "q", "$TargetDedicatedNodes = 0;").await;
    let _node = world.node().await;
    steady(&world, "p", 1).await;
    world.clock.forward(Duration::from_mins(5));
    let failed = ran(&world, "p").await;
    let error = run(&failed).error.expect("it failed");
    assert_eq!(error.code, "AutoScalingFormulaEvaluationError");
    assert_eq!(error.values[0].value.as_deref(), Some("Line 1, Col 74: division by zero"));
    assert_eq!((failed.pool.settings.target_dedicated_nodes, failed.pool.current_dedicated_nodes), (Some(1), 1));
    assert_eq!(failed.pool.allocation_state, AllocationState::Steady);
    // The others go on.
    assert_eq!(run(&ran(&world, "q").await).error, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_formula_that_cannot_be_read_any_more_stops_nothing() {
    let world = World::new().await;
    make(&world, "p", "$TargetDedicatedNodes = 0;").await;
    ran(&world, "p").await;
    let spoil = "UPDATE pools SET settings = json_set(settings, '$.autoScaleFormula', '$Old.Thing(')";
    world
        .cx
        .store
        .write::<_, fournil::store::Error, _>(move |conn| {
            Box::pin(async move {
                sqlx::query(spoil).execute(&mut *conn).await?;
                Ok(())
            })
        })
        .await
        .unwrap();
    make(&world, "q", "$TargetDedicatedNodes = 0;").await;
    world.clock.forward(Duration::from_mins(5));
    assert_eq!(run(&ran(&world, "p").await).error.unwrap().values[1].value.as_deref(), Some("1"));
    assert_eq!(run(&ran(&world, "q").await).error, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_formula_gets_no_more_nodes_than_the_quota_allows() {
    let world = World::new().await;
    let quota = i64::from({
        let account = fournil::service::account::account_get(&world.cx, &world.caller, &world.account);
        account.await.unwrap().account.quotas.dedicated_core_quota as i32
    });
    make(&world, "p", "$TargetDedicatedNodes = 9999;").await;
    ran(&world, "p").await;
    let n_wanted = || world.provider.wanted.lock().unwrap().len() as i64;
    world.until("nodes are made", async || (n_wanted() == quota / 2).then_some(())).await;
    let mut nodes = Vec::new();
    for _ in 0..quota / 2 {
        nodes.push(world.node().await);
    }
    let pool = world.until_pool("p", |p| p.pool.resize_errors.is_some()).await;
    assert_eq!(pool.pool.resize_errors.unwrap()[0].code, "AccountCoreQuotaReached");
    assert_eq!(i64::from(pool.pool.current_dedicated_nodes), quota / 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_resize_is_under_way_the_turn_is_passed_over() {
    let world = World::new().await;
    make(&world, "p", "$TargetDedicatedNodes = 1;").await;
    let first = ran(&world, "p").await;
    assert_eq!(first.pool.allocation_state, AllocationState::Resizing);
    world.clock.forward(Duration::from_mins(5));
    let next = world.cx.clock.now().plus(Duration::from_mins(5));
    let later = world.until_pool("p", |p| p.next_auto_scale == Some(next)).await;
    assert_eq!(run(&later), run(&first));
    // It has no timeout.
    world.clock.forward(Duration::from_mins(60));
    let _node = world.node().await;
    assert_eq!(steady(&world, "p", 1).await.pool.resize_errors, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn samples_are_taken_each_half_minute_and_outlive_the_server() {
    let world = World::new().await;
    let formula = "$TargetDedicatedNodes = 1; n = $PendingTasks.Count(); nodes = $SampleNodeCount.GetSample(9); \
                   cpu = $CPUPercent.GetSample(9); memory = $MemoryBytes.GetSample(9); disk = $DiskBytes.GetSample(9); \
                   read = $DiskReadBytes.GetSample(9); out = $NetworkOutBytes.GetSample(9); \
                   current = $CurrentDedicatedNodes.GetSample(9);";
    make(&world, "p", formula).await;
    let node = world.node().await;
    steady(&world, "p", 1).await;
    let says = |cpu: f64, bytes: u64| {
        let traffic = Some(Traffic { disk_read_bytes: bytes, network_out_bytes: 2 * bytes, ..Traffic::default() });
        let sample = Sample {
            cpu,
            memory_used_bytes: 7,
            memory_total_bytes: None,
            disk_free_bytes: 1,
            disk_used_bytes: Some(5),
            traffic,
        };
        node.says(FromAgent::Heartbeat { sample });
    };
    let n_samples = async || {
        let mut conn = world.cx.store.read().await.unwrap();
        sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM pool_samples").fetch_one(&mut *conn).await.unwrap()
    };
    let until_n = async |n: i64| world.until("a sample", async || (n_samples().await == n).then_some(())).await;
    let before = n_samples().await;
    for (n, (cpu, bytes)) in [(0.25, 100), (0.75, 400)].into_iter().enumerate() {
        says(cpu, bytes);
        // What the node says is heard before the clock moves: the hub and the driver are in order.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        world.clock.forward(Duration::from_secs(30));
        until_n(before + n as i64 + 1).await;
    }
    let world = world.restart().await;
    world.clock.forward(Duration::from_mins(5));
    let pool = ran(&world, "p").await;
    assert_eq!(value(&pool, "cpu"), "[0.25,0.75]");
    assert_eq!((value(&pool, "memory"), value(&pool, "disk")), ("[7,7]".to_owned(), "[5,5]".to_owned()));
    assert_eq!((value(&pool, "read"), value(&pool, "out")), ("[300]".to_owned(), "[600]".to_owned()));
    assert!(
        value(&pool, "current").ends_with(",1,1]") || value(&pool, "current").ends_with("[1,1,1]"),
        "{:?}",
        run(&pool)
    );
    // A week later they are gone.
    world.clock.forward(Duration::from_days(8));
    let n_old = async || {
        let week = world.cx.clock.now().micros() - Duration::from_days(7).micros();
        let mut conn = world.cx.store.read().await.unwrap();
        let sql = "SELECT COUNT(*) FROM pool_samples WHERE at < ?1";
        sqlx::query_scalar::<_, i64>(sql).bind(week).fetch_one(&mut *conn).await.unwrap()
    };
    world.until("old samples are forgotten", async || (n_old().await == 0).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_that_wait_for_others_are_not_active_ones() {
    let world = World::new().await;
    make(&world, "p", "$TargetDedicatedNodes = 0; active = $ActiveTasks.GetSample(1);").await;
    ran(&world, "p").await;
    world.job_with("j", "p", |job| job.uses_task_dependencies = Some(true)).await;
    let depends = api::TaskDependencies { task_ids: vec!["a".into()], ..Default::default() };
    let waiting = api::TaskCreate { depends_on: Some(depends), ..crate::support::world::simple("b") };
    world.add("j", vec![crate::support::world::simple("a"), waiting]).await;
    world.clock.forward(Duration::from_mins(5));
    assert_eq!(value(&ran(&world, "p").await, "active"), "[1]");
}
