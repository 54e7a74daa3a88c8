//! What an edit does, and why it cannot be done, in sentences.

use crate::api::{self, JobPatch, JobSchedulePatch, OnAllTasksComplete, PoolEdit, PoolResize};
use crate::domain::edit::{Refused, Why};
use crate::portal::components::error_bar::sentence;
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tf, tn};

pub fn of_pool(edit: &PoolEdit) -> Vec<String> {
    let mut all = Vec::new();
    if edit.removes_start_task {
        all.push(t(msg::EDIT_START_TASK_GOES).to_owned());
    }
    if edit.patch.start_task.is_some() {
        all.push(t(msg::EDIT_START_TASK).to_owned());
    }
    all.extend(of_given(&edit.patch, &["startTask"]));
    if edit.disables_auto_scale {
        all.push(t(msg::AUTO_SCALE_DISABLE).to_owned());
    }
    if let Some(enable) = &edit.enable_auto_scale {
        all.extend(enable.auto_scale_formula.is_some().then(|| t(msg::EDIT_FORMULA).to_owned()));
        let length = |interval| format::duration(language(), interval);
        all.extend(enable.auto_scale_evaluation_interval.map(|i| tf(msg::EDIT_INTERVAL, &[("interval", &length(i))])));
    }
    all.extend(edit.resize.as_ref().map(of_resize));
    all
}

fn of_resize(resize: &PoolResize) -> String {
    let dedicated =
        resize.target_dedicated_nodes.map(|n| tn(msg::EDIT_DEDICATED_ONE, msg::EDIT_DEDICATED_OTHER, n.into()));
    let low = resize.target_low_priority_nodes.map(|n| tn(msg::EDIT_LOW_ONE, msg::EDIT_LOW_OTHER, n.into()));
    let nodes: Vec<String> = dedicated.into_iter().chain(low).collect();
    tf(msg::EDIT_RESIZE, &[("nodes", &nodes.join(t(msg::EDIT_AND)))])
}

pub fn of_job(patch: &JobPatch) -> Vec<String> {
    let mut all = Vec::new();
    if patch.on_all_tasks_complete == Some(OnAllTasksComplete::TerminateJob) {
        all.push(t(msg::EDIT_JOB_ENDS).to_owned());
    }
    if let Some(pool) = patch.pool_info.as_ref().and_then(|info| info.pool_id.as_deref()) {
        all.push(tf(msg::EDIT_JOB_POOL, &[("pool", pool)]));
    }
    let said = if patch.pool_info.as_ref().is_some_and(|info| info.pool_id.is_some()) {
        &["onAllTasksComplete", "poolInfo"][..]
    } else {
        &["onAllTasksComplete"]
    };
    all.extend(of_given(patch, said));
    all
}

pub fn of_job_schedule(patch: &JobSchedulePatch) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(patch.schedule.is_some().then(|| t(msg::EDIT_SCHEDULE).to_owned()));
    all.extend(patch.job_specification.is_some().then(|| t(msg::EDIT_SPECIFICATION).to_owned()));
    all.extend(of_given(patch, &["schedule", "jobSpecification"]));
    all
}

/// A sentence for each property that is sent, but those that have sentences of their own.
fn of_given(patch: &impl serde::Serialize, but: &[&str]) -> Vec<String> {
    // Wire shapes always serialise.
    let given = serde_json::to_value(patch).unwrap_or_default();
    let names = given.as_object().into_iter().flat_map(|given| given.keys());
    names
        .filter(|name| !but.contains(&name.as_str()))
        .map(|name| tf(msg::EDIT_PROPERTY, &[("property", name)]))
        .collect()
}

/// Why the text is none: the sentence of the error with what it is about.
pub fn of_text(error: &api::Error) -> String {
    let parts = [
        Some(sentence(error)),
        error.value("PropertyName").map(str::to_owned),
        error.value("Reason").map(str::to_owned),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" — ")
}

pub fn of_refused(refused: &Refused) -> String {
    let why = match &refused.why {
        Why::ReadOnly => t(msg::EDIT_READ_ONLY),
        Why::SaidOnce => t(msg::EDIT_SAID_ONCE),
        Why::DoesNotGo => t(msg::EDIT_DOES_NOT_GO),
        Why::WantsNoNodes => t(msg::EDIT_WANTS_NO_NODES),
        Why::BeingResized => t(msg::REFUSAL_POOL_BEING_RESIZED),
        Why::FormulaSizes => t(msg::REFUSAL_POOL_AUTO_SCALED),
        Why::FormulaNeeded => t(msg::EDIT_FORMULA_NEEDED),
        Why::NoAutoScale => t(msg::EDIT_NO_AUTO_SCALE),
        Why::NoNewSize => t(msg::EDIT_NO_NEW_SIZE),
        Why::WantsDisabledJob => t(msg::EDIT_WANTS_DISABLED_JOB),
        Why::Rule(reason) => reason,
    };
    format!("{}: {why}", refused.property)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{PoolInformation, PoolPatch};

    #[test]
    fn an_edit_says_each_of_its_steps() {
        let patch = PoolPatch { start_task: Some(Default::default()), metadata: Some(vec![]), ..Default::default() };
        let resize =
            PoolResize { target_dedicated_nodes: Some(4), target_low_priority_nodes: Some(1), ..Default::default() };
        let edit = PoolEdit { patch, resize: Some(resize), ..PoolEdit::default() };
        let words = of_pool(&edit);
        assert_eq!(words.len(), 3, "{words:?}");
        assert!(words[1].contains("metadata"), "{words:?}");
        assert!(words[2].contains("4 dedicated nodes and 1 low-priority node"), "{words:?}");
        assert!(of_pool(&PoolEdit::default()).is_empty());
        let job = JobPatch { pool_info: Some(PoolInformation::of_pool("q")), priority: Some(1), ..Default::default() };
        assert_eq!(of_job(&job).len(), 2);
    }

    #[test]
    fn a_refusal_names_its_property() {
        let refused = Refused { property: "vmSize".into(), why: Why::WantsNoNodes };
        assert!(of_refused(&refused).starts_with("vmSize: "));
        let error = api::Error::unsupported_property("startTask.x", "there is none");
        assert!(of_text(&error).contains("startTask.x"));
    }
}
