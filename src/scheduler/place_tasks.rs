//! Waiting tasks go to nodes: a plan out of the world, saved in one transaction, then sent.

use std::collections::BTreeMap;

use super::clean_ups;
use super::driver::Driver;
use super::gangs::nodes_of;
use super::load::attempt;
use super::preparation::Preparations;
use crate::api::agent::{Package, RunTask, RunUser, ToAgent};
use crate::api::{Duration, EnvironmentSetting, MultiInstanceSettings, TaskCreate, Timestamp};
use crate::domain::ids::AccountName;
use crate::domain::multi_instance::{self, Subtask};
use crate::domain::placement::Assignment;
use crate::domain::preemption::Victim;
use crate::domain::steady::{HashMap, HashSet};
use crate::domain::task::{self, Event};
use crate::service::context::Signal;
use crate::service::ledger::Ledger;
use crate::service::storage::linked;
use crate::service::{Context, Result, package_references};
use crate::store::task::TaskRow;
use crate::store::{self, Conn};

/// Assignments of one pass for one pool; the next pass follows at once.
const MOST_ASSIGNMENTS: usize = 512;
/// What was sent ahead and has not begun for so long may be recalled.
const RECALL_AFTER: Duration = Duration::from_secs(1);

impl Driver {
    pub(super) async fn place_tasks(&mut self) -> Result<()> {
        for pool in std::mem::take(&mut self.to_plan) {
            self.fill_windows(pool).await?;
            let now = self.now();
            let plan = self.world.plan(pool, MOST_ASSIGNMENTS, now);
            if plan.len() == MOST_ASSIGNMENTS {
                self.plan_again(pool);
            }
            let is_all = plan.len() < MOST_ASSIGNMENTS;
            if !plan.is_empty() {
                self.assign(pool, plan, now).await?;
            }
            if is_all {
                self.preempt(pool);
            }
        }
        Ok(())
    }

    /// With the next pass, which follows at once.
    fn plan_again(&mut self, pool: i64) {
        self.to_plan.insert(pool);
        self.cx.signals.send(Signal::Pool(pool));
    }

    /// Ends tasks that give way to waiting ones. They run again, and count a requeue: chosen here, since another user's job is
    /// the cause as with a resize.
    fn preempt(&mut self, pool: i64) {
        for Victim { node, task, attempt } in self.world.to_preempt(pool) {
            self.requeue.insert((task, attempt));
            self.kill(node, task, attempt);
        }
    }

    async fn fill_windows(&mut self, pool: i64) -> Result<()> {
        let jobs: Vec<i64> =
            self.world.jobs.iter().filter(|(_, job)| job.pool == Some(pool) && job.more).map(|(key, _)| *key).collect();
        for job in jobs {
            self.fill_window(job).await?;
        }
        Ok(())
    }

    /// Saves the plan, and sends what was saved.
    async fn assign(&mut self, pool_key: i64, plan: Vec<Assignment>, now: Timestamp) -> Result<()> {
        let places: HashMap<i64, String> = plan.iter().filter_map(|a| Some((a.node, self.place_of(a.node)?))).collect();
        let (wanted, cx) = (plan.clone(), self.cx.clone());
        let account_key = self.pools.get(&pool_key).map_or(0, |pool| pool.account_key);
        let account = self.pools.get(&pool_key).map(|pool| pool.account.clone());
        let Preparations { preparing, mut begun } = self.preparations(&plan, now);
        let waits = preparing.clone();
        let (stale, job_ids) = (self.being_removed(&plan), self.ids_of_jobs(&plan));
        let (assigned, packages, begun, after, stale) = self
            .cx
            .store
            .write::<_, crate::service::Error, _>(move |conn| {
                Box::pin(async move {
                    let keys: Vec<i64> = wanted.iter().map(|a| a.task).collect();
                    let rows: HashMap<i64, TaskRow> =
                        store::task::with_keys(conn, &keys).await?.into_iter().map(|row| (row.key, row)).collect();
                    let mut ledger = Ledger::default();
                    let mut assigned: HashMap<i64, Assigned> = HashMap::default();
                    let (mut several, mut subtasks) = (Vec::new(), Vec::new());
                    let mut new_folders = Vec::new();
                    for assignment in &wanted {
                        let (Some(row), Some(place)) = (rows.get(&assignment.task), places.get(&assignment.node))
                        else {
                            continue;
                        };
                        if assignment.instance > 0 {
                            let Some((number, ..)) = assigned.get(&row.key) else { continue };
                            let place = place.split_once('/').unwrap_or_default();
                            let (id, node) = (assignment.instance, assignment.node);
                            subtasks.push((row.key, Subtask::new(id, *number, node, place, now)));
                            continue;
                        }
                        let Some(run) = assign_one(&mut ledger, row, assignment, place, now) else { continue };
                        if row.demands.instances > 0 {
                            several.push(row.key);
                        }
                        if waits.contains(&row.key) {
                            let _ = ledger.apply(row, Event::Preparing { attempt: run.0 }, 0, now);
                        }
                        if let Some(job) = job_ids.get(&assignment.job).filter(|_| !stale.is_empty()) {
                            new_folders.push((assignment.node, task::directory(job, &row.id)));
                        }
                        assigned.insert(row.key, run);
                    }
                    let settings = assigned.values_mut().map(|(_, _, settings)| settings);
                    linked::give_urls(&cx, conn, account_key, settings).await?;
                    let packages = packages_of(&cx, conn, account.as_ref(), account_key, &assigned).await?;
                    store::subtask::replace(conn, &several, &subtasks).await?;
                    store::job_node::save(conn, &mut begun).await?;
                    let stale = clean_ups::forget_stale(conn, stale, &new_folders).await?;
                    Ok((assigned, packages, begun, ledger.save(conn, now).await?, stale))
                })
            })
            .await?;
        after.tell(&self.cx.signals);
        self.n_placed += assigned.len();
        self.forget_told(stale);
        self.send_preparations(begun).await?;
        self.send_runs(pool_key, plan, assigned, packages, &preparing);
        Ok(())
    }

    /// `pool/node`, for the answers about a task when its node is gone.
    fn place_of(&self, node_key: i64) -> Option<String> {
        let node = self.nodes.get(&node_key)?;
        let pool = self.pools.get(&node.row.pool_key)?;
        Some(format!("{}/{}", pool.id, node.row.id))
    }

    fn send_runs(
        &mut self,
        pool_key: i64,
        plan: Vec<Assignment>,
        mut assigned: HashMap<i64, Assigned>,
        mut packages: HashMap<i64, Vec<Package>>,
        preparing: &HashSet<i64>,
    ) {
        let mut runs: BTreeMap<i64, Vec<RunTask>> = BTreeMap::new();
        let mut is_room_left = false;
        let is_several =
            |task: i64| assigned.get(&task).is_some_and(|(_, _, settings)| settings.multi_instance_settings.is_some());
        let nodes = nodes_of(plan.iter().filter(|assignment| is_several(assignment.task)));
        for assignment in plan {
            let cores = self.pools.get(&pool_key).and_then(|pool| pool.size).map_or(1, |size| size.cores);
            let Some(pool) = self.world.pools.get_mut(&pool_key) else { return };
            let job = self.jobs.get(&assignment.job);
            // All instances share what the task says.
            let found = match nodes.contains_key(&assignment.task) {
                true => assigned.get(&assignment.task).cloned(),
                false => assigned.remove(&assignment.task),
            };
            let (Some(job), Some((number, id, settings))) = (job, found) else {
                // Terminated or deleted meanwhile: another can have its room.
                is_room_left = true;
                pool.release(assignment.node, assignment.key(), 0);
                if let Some(job) = self.world.jobs.get_mut(&assignment.job).filter(|_| assignment.instance == 0) {
                    job.on_nodes -= 1;
                }
                self.world.queue_job(assignment.job);
                self.node_changed(assignment.node);
                continue;
            };
            if let Some(held) = pool.nodes.get_mut(&assignment.node).and_then(|n| n.held.get_mut(&assignment.key())) {
                held.attempt = number;
            }
            let several = settings.multi_instance_settings.clone();
            let mut run = run_task(assignment, number, &job.id, id, settings, &job.environment);
            if let Some(several) = several {
                let nodes = nodes.get(&assignment.task).cloned().unwrap_or_default();
                let addresses = self.addresses(&nodes);
                run = as_instance(run, &several, assignment, addresses, cores);
                self.gangs.entry(assignment.task).or_default().take_over(number, nodes);
            }
            run.preparation = self.preparation_directory(assignment.job);
            run.packages = match run.instance {
                Some(_) => packages.get(&assignment.task).cloned().unwrap_or_default(),
                None => packages.remove(&assignment.task).unwrap_or_default(),
            };
            if preparing.contains(&assignment.key()) {
                self.awaiting.entry((assignment.job, assignment.node)).or_default().push(run);
            } else {
                runs.entry(assignment.node).or_default().push(run);
            }
            self.node_changed(assignment.node);
        }
        if is_room_left {
            self.plan_again(pool_key);
        }
        for (node, tasks) in runs {
            // To a node that has just gone: what it should have is given back when it returns or is lost.
            self.hub.send(node, ToAgent::Run { tasks });
        }
    }

    /// Asks for what was sent ahead and lies behind a long task, while another node is free.
    pub(super) fn recall_stuck(&mut self, now: Timestamp) {
        let before = Timestamp::from_micros(now.micros() - RECALL_AFTER.micros());
        for pool in self.world.pools.keys() {
            let mut recalls: BTreeMap<i64, Vec<_>> = BTreeMap::new();
            for (node, task, number) in self.world.to_recall(*pool, before) {
                recalls.entry(node).or_default().push(attempt(task, number));
            }
            for (node, attempts) in recalls {
                self.hub.send(node, ToAgent::Recall { attempts });
            }
        }
    }
}

/// The attempt's number, the task's id and settings.
type Assigned = (i64, String, TaskCreate);

/// What the nodes are told of the packages of tasks that have some, by the tasks' keys.
async fn packages_of(
    cx: &Context,
    conn: &mut Conn,
    account: Option<&AccountName>,
    account_key: i64,
    assigned: &HashMap<i64, Assigned>,
) -> crate::service::Result<HashMap<i64, Vec<Package>>> {
    let references = |(key, (_, _, settings)): (&i64, &Assigned)| {
        let references = settings.application_package_references.clone()?;
        (!references.is_empty()).then_some((*key, references))
    };
    let (keys, lists): (Vec<i64>, Vec<_>) = assigned.iter().filter_map(references).unzip();
    let Some(account) = account.filter(|_| !keys.is_empty()) else { return Ok(HashMap::default()) };
    let lists: Vec<&[_]> = lists.iter().map(Vec::as_slice).collect();
    let packages = package_references::resolve(cx, conn, (account, account_key), &lists).await?;
    Ok(keys.into_iter().zip(packages).collect())
}

/// The run of one instance. Subtasks run the coordination command only, and end with the primary.
fn as_instance(
    run: RunTask,
    settings: &MultiInstanceSettings,
    to: Assignment,
    addresses: Vec<String>,
    cores: i64,
) -> RunTask {
    let key = (to.task, run.a.number);
    let instance = multi_instance::instance(settings, to.instance, key, &run.directory, addresses, cores);
    let run = RunTask { instance: Some(Box::new(instance)), ..run };
    if to.instance == 0 {
        return run;
    }
    RunTask {
        directory: multi_instance::directory(&run.directory, to.instance),
        max_wall_clock: None,
        resource_files: Vec::new(),
        output_files: Vec::new(),
        ..run
    }
}

/// What was assigned; nothing when the task is not to run. One whose stored settings
/// cannot be read is ended with an error of ours, so that it holds nothing up.
fn assign_one(
    ledger: &mut Ledger,
    row: &TaskRow,
    to: &Assignment,
    place: &str,
    now: Timestamp,
) -> Option<(i64, String, TaskCreate)> {
    if row.n_waits > 0 {
        return None;
    }
    let Ok(settings) = row.settings() else {
        tracing::error!(task.key = row.key, "a task's stored settings cannot be read: it is ended");
        let message = "The server cannot read the task's stored settings.";
        let _ = ledger.apply(row, Event::Terminate { message }, 0, now);
        return None;
    };
    let after = ledger.apply(row, Event::Assign { node_key: to.node }, 0, now).ok()??;
    ledger.set_place(row.key, place);
    Some((after.life.attempt, row.id.clone(), settings))
}

fn run_task(
    to: Assignment,
    number: i64,
    job: &str,
    id: String,
    settings: TaskCreate,
    common: &[EnvironmentSetting],
) -> RunTask {
    let own = settings.environment_settings.unwrap_or_default();
    let mut environment: Vec<EnvironmentSetting> =
        common.iter().filter(|setting| own.iter().all(|o| o.name != setting.name)).cloned().collect();
    environment.extend(own);
    let (user, elevated) = RunUser::of(settings.user_identity.as_ref());
    RunTask {
        a: attempt(to.key(), number),
        job: job.to_owned(),
        directory: task::directory(job, &id),
        task: id,
        preparation: None,
        command_line: settings.command_line,
        environment,
        slots: to.slots,
        max_wall_clock: settings.constraints.and_then(|c| c.max_wall_clock_time).filter(|d| !d.is_unlimited()),
        user,
        elevated,
        resource_files: settings.resource_files.unwrap_or_default(),
        output_files: settings.output_files.unwrap_or_default(),
        packages: Vec::new(),
        instance: None,
        container: settings.container_settings.map(Box::new),
    }
}
