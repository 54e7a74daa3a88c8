//! The job manager task: an ordinary task that is made with its job.

use super::placement::Demands;
use crate::api::{JobCreate, JobManagerTask, TaskCreate};

/// The task that the manager is.
pub fn to_task(manager: &JobManagerTask) -> TaskCreate {
    TaskCreate {
        id: manager.id.clone(),
        display_name: manager.display_name.clone(),
        command_line: manager.command_line.clone(),
        container_settings: manager.container_settings.clone(),
        resource_files: manager.resource_files.clone(),
        output_files: manager.output_files.clone(),
        environment_settings: manager.environment_settings.clone(),
        constraints: manager.constraints.clone(),
        required_slots: manager.required_slots,
        user_identity: manager.user_identity.clone(),
        application_package_references: manager.application_package_references.clone(),
        authentication_token_settings: manager.authentication_token_settings.clone(),
        ..TaskCreate::default()
    }
}

pub fn demands(manager: &JobManagerTask) -> Demands {
    Demands {
        alone: manager.run_exclusive.unwrap_or(true),
        dedicated: !manager.allow_low_priority_node.unwrap_or(true),
        instances: 0,
    }
}

/// Whether the job ends with this task, however it ended.
pub fn ends_job(job: &JobCreate, task: &str) -> bool {
    job.job_manager_task
        .as_ref()
        .is_some_and(|manager| manager.kill_job_on_completion.unwrap_or(true) && manager.id.eq_ignore_ascii_case(task))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_is_alone_on_any_node_and_ends_its_job_unless_it_says_otherwise() {
        let usual = JobManagerTask { id: "m".into(), ..Default::default() };
        assert_eq!(demands(&usual), Demands { alone: true, ..Demands::default() });
        let polite = JobManagerTask {
            run_exclusive: Some(false),
            allow_low_priority_node: Some(false),
            kill_job_on_completion: Some(false),
            ..usual.clone()
        };
        assert_eq!(demands(&polite), Demands { dedicated: true, ..Demands::default() });
        let job = |manager| JobCreate { job_manager_task: Some(manager), ..Default::default() };
        assert!(ends_job(&job(usual.clone()), "M") && !ends_job(&job(usual), "other"));
        assert!(!ends_job(&job(polite), "m") && !ends_job(&JobCreate::default(), "m"));
    }
}
