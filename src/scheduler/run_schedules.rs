//! Job schedules go on by themselves: their jobs are made when it is time, ended and deleted with them.
//!
//! A step is decided and saved in one transaction, so that a server that dies at any moment has taken it once or not at
//! all. What is looked at again without need stays as it is.

use super::driver::Driver;
use super::load;
use crate::api::{JobCreate, JobScheduleState, JobState, Timestamp};
use crate::domain::ids::AccountName;
use crate::domain::job_schedule::{self, Step, View};
use crate::service::context::{Context, Signal};
use crate::service::job_schedule::enter;
use crate::service::{self, Result, job};
use crate::store::job::JobRow;
use crate::store::job_schedule::JobScheduleRow;
use crate::store::pool::PoolRow;
use crate::store::{self, Conn};

/// Jobs of a deleted schedule that are marked in one transaction, so that others need not wait long.
const JOBS_PER_DELETE: i64 = 500;

/// What a step did.
enum Taken {
    Nothing,
    /// It is done; these pools of it were given up.
    Done(Vec<i64>),
    /// A job was made, perhaps with its pool.
    Made(Box<JobRow>, Option<Box<PoolRow>>),
    /// A job is being ended.
    Job(Box<JobRow>),
    /// These jobs are being deleted; perhaps there are more.
    Deleting(Vec<i64>),
    /// The schedule, and its pools are given up.
    Gone(Vec<i64>),
}

impl Driver {
    pub(super) async fn run_schedules(&mut self) -> Result<()> {
        let dirty = std::mem::take(&mut self.dirty_schedules);
        if dirty.is_empty() {
            return Ok(());
        }
        let keys: Vec<i64> = dirty.into_iter().collect();
        let now = self.now();
        let mut conn = self.cx.store.read().await?;
        let accounts = load::accounts(&mut conn).await?;
        let mut to_do = Vec::new();
        for row in store::job_schedule::with_keys(&mut conn, &keys).await? {
            let stays = job_schedule::next_step(&view(&mut conn, &row).await?, now) == Step::Stay;
            if !stays || row.wake != job_schedule::wake_at(row.state, &row.turns, now) {
                to_do.push(row);
            }
        }
        drop(conn);
        for row in to_do {
            if let Some(account) = accounts.get(&row.account_key) {
                self.run_schedule(account, row).await?;
            }
        }
        Ok(())
    }

    async fn run_schedule(&mut self, account: &AccountName, row: JobScheduleRow) -> Result<()> {
        let (cx, key, now) = (self.cx.clone(), row.key, self.now());
        let taken = self
            .cx
            .store
            .write::<_, service::Error, _>(move |conn| Box::pin(async move { take_step(&cx, conn, key, now).await }))
            .await?;
        match taken {
            Taken::Nothing => return Ok(()),
            Taken::Done(pools) => service::auto_pool::tell(&self.cx.signals, pools),
            Taken::Made(job, pool) => {
                job::made(&self.cx, account, &job, pool.as_deref());
                if job.state == JobState::Completed {
                    // It got no pool: the schedule goes on.
                    self.cx.signals.send(Signal::JobSchedule(key));
                }
            }
            Taken::Job(job) => job::changed(&self.cx, account, &job),
            Taken::Deleting(jobs) => {
                if jobs.len() as i64 == JOBS_PER_DELETE {
                    self.cx.signals.send(Signal::JobSchedule(key));
                }
                self.dirty_jobs.extend(jobs);
            }
            Taken::Gone(pools) => {
                service::auto_pool::tell(&self.cx.signals, pools);
                service::account::accounts_finish_delete(&self.cx).await?;
            }
        }
        service::job_schedule::tell(&self.cx, account, &row);
        Ok(())
    }
}

async fn view(conn: &mut Conn, row: &JobScheduleRow) -> Result<View> {
    Ok(View {
        state: row.state,
        turns: row.turns,
        n_jobs: row.n_jobs,
        has_active_job: store::job_schedule::has_active_job(conn, row.key).await?,
    })
}

/// Takes the schedule's next step as it is now: a user's word may have come since it was looked at.
async fn take_step(cx: &Context, conn: &mut Conn, key: i64, now: Timestamp) -> Result<Taken> {
    let Some(mut row) = store::job_schedule::with_key(conn, key).await? else { return Ok(Taken::Nothing) };
    let taken = match job_schedule::next_step(&view(conn, &row).await?, now) {
        Step::Stay => Taken::Nothing,
        Step::MakeJob { turn } => make_job(cx, conn, &mut row, turn, now).await?,
        Step::EndJob => return end_job(conn, &row, now).await,
        Step::Complete => {
            enter(&mut row, JobScheduleState::Completed, now);
            row.ended = Some(now);
            Taken::Done(service::auto_pool::schedule_done(conn, &row, now).await?)
        }
        Step::DeleteJobs => {
            return Ok(Taken::Deleting(store::job_schedule::delete_jobs(conn, key, JOBS_PER_DELETE, now).await?));
        }
        Step::Vanish => {
            let pools = service::auto_pool::schedule_done(conn, &row, now).await?;
            store::job_schedule::delete(conn, &row).await?;
            return Ok(Taken::Gone(pools));
        }
    };
    row.wake = job_schedule::wake_at(row.state, &row.turns, now);
    store::job_schedule::save(conn, &row).await?;
    Ok(taken)
}

/// A full quota makes the turn wait as an active job does; it is tried again in the scheduler's slow pass. Chosen here.
async fn make_job(
    cx: &Context,
    conn: &mut Conn,
    row: &mut JobScheduleRow,
    turn: Timestamp,
    now: Timestamp,
) -> Result<Taken> {
    let has_room = store::account::find_by_key(conn, row.account_key).await?.is_some_and(|a| a.has_room_for_job());
    if !has_room {
        tracing::warn!(job_schedule = row.id, "a job waits: the account has as many active jobs as its quota allows");
        return Ok(Taken::Nothing);
    }
    row.last_job += 1;
    row.turns.take(turn);
    let settings = JobCreate { id: row.job_id(row.last_job), ..row.settings.job_specification.clone() };
    let (job, pool) = job::insert(cx, conn, row.account_key, Some(row.key), settings, now).await?;
    Ok(Taken::Made(Box::new(job), pool.map(Box::new)))
}

async fn end_job(conn: &mut Conn, schedule: &JobScheduleRow, now: Timestamp) -> Result<Taken> {
    match store::job_schedule::active_job(conn, schedule.key).await? {
        Some(job) if matches!(job.state, JobState::Terminating | JobState::Deleting) => Ok(Taken::Nothing),
        Some(mut job) => {
            job::enter(&mut job, JobState::Terminating, now);
            job.terminate_reason = Some("TerminateJobSchedule".to_owned());
            job.forced = schedule.forced;
            store::job::save(conn, &job).await?;
            Ok(Taken::Job(Box::new(job)))
        }
        None => Ok(Taken::Nothing),
    }
}
