//! What placement knows of a job.

use std::collections::BTreeMap;

use super::{AHEAD_MILLIS, Job, LOOK_AHEAD, MOST_AHEAD};

impl Job {
    pub fn new(pool: Option<i64>, priority: i32, open: bool, most: i64) -> Job {
        Job {
            pool,
            priority,
            open,
            most,
            preemptible: false,
            strict: false,
            on_nodes: 0,
            waiting: BTreeMap::new(),
            more: true,
            loaded_to: 0,
            millis: None,
            preparation: None,
            turn: 0,
        }
    }

    /// Takes the run time of a task into the average.
    pub fn ran_for(&mut self, millis: f64) {
        self.millis = Some(self.millis.map_or(millis, |average| average + (millis - average) * 0.2));
    }

    /// Tasks that are looked at when the first does not fit.
    pub(super) fn look_ahead(&self) -> usize {
        if self.strict { 1 } else { LOOK_AHEAD }
    }

    /// Tasks of this job that may lie on a node for each of its slots beyond those that run.
    pub(super) fn ahead(&self) -> i32 {
        self.millis.map_or(0, |millis| (AHEAD_MILLIS / millis.max(0.1)).min(MOST_AHEAD) as i32)
    }
}
