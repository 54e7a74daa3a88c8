//! The environment of a task: nothing of the agent's own, what Batch promises, and the task's settings. Pure.
//!
//! Chosen here: the task's settings win over everything but the `AZ_BATCH_` variables that the agent sets, because programs
//! and libraries find their files by them.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::path::{Path, PathBuf};

use super::packages::variable_names;
use super::run_id::{MARKER, RunId};
use crate::api::EnvironmentSetting;
use crate::api::agent::{Instance, Package, Welcome};

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What all runs of a node have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeFacts {
    pub node: String,
    pub account: String,
    pub account_url: String,
    pub pool: String,
    pub is_dedicated: bool,
    /// The node's root as tasks see it.
    pub root: PathBuf,
    /// Name of the tasks' user.
    pub user_name: String,
    /// Tells this node's processes from those of other nodes.
    pub mark: String,
}

impl NodeFacts {
    pub fn of(welcome: &Welcome, node: &str, root: &Path, user_name: String, mark: String) -> Self {
        NodeFacts {
            node: node.to_owned(),
            account: welcome.account.clone(),
            account_url: welcome.account_url.clone(),
            pool: welcome.pool.clone(),
            is_dedicated: welcome.is_dedicated,
            root: root.to_owned(),
            user_name,
            mark,
        }
    }
}

/// What is particular to a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunFacts<'a> {
    pub run: RunId,
    /// Job and task; absent for the start task.
    pub job_and_task: Option<(&'a str, &'a str)>,
    /// Relative to the root.
    pub directory: &'a str,
    /// The folder of the job's preparation task, relative to the root.
    pub preparation: Option<&'a str>,
    pub settings: &'a [EnvironmentSetting],
    /// The pool's and the run's own.
    pub packages: &'a [Package],
    /// Of a task that runs on several nodes.
    pub instance: Option<&'a Instance>,
    /// Name of the run's user, where it is another than the node's.
    pub user: Option<&'a str>,
}

/// The variables by name. Settings that no program could be given (an empty name, one with `=`, a NUL) are left out.
pub fn variables(node: &NodeFacts, run: &RunFacts<'_>) -> BTreeMap<String, String> {
    let root = node.root.display();
    let task_directory = format!("{root}/{}", run.directory);
    let working_directory = format!("{task_directory}/wd");
    let user = run.user.unwrap_or(&node.user_name);
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let mut set = |name: &str, value: &str| drop(all.insert(name.to_owned(), value.to_owned()));
    set("PATH", DEFAULT_PATH);
    set("HOME", &working_directory);
    set("LANG", "C.UTF-8");
    set("USER", user);
    set("LOGNAME", user);
    for setting in run.settings.iter().filter(|s| is_legal(s)) {
        set(&setting.name, setting.value.as_deref().unwrap_or_default());
    }
    set_node(&mut set, node);
    set("AZ_BATCH_TASK_DIR", &task_directory);
    set("AZ_BATCH_TASK_WORKING_DIR", &working_directory);
    if let Some((job, task)) = run.job_and_task {
        set("AZ_BATCH_JOB_ID", job);
        set("AZ_BATCH_TASK_ID", task);
    }
    if let Some(preparation) = run.preparation {
        set("AZ_BATCH_JOB_PREP_DIR", &format!("{root}/{preparation}"));
        set("AZ_BATCH_JOB_PREP_WORKING_DIR", &format!("{root}/{preparation}/wd"));
    }
    for package in run.packages {
        for name in variable_names(&package.application, &package.version, package.is_default) {
            set(&name, &format!("{root}/{}", package.directory));
        }
    }
    if let Some(instance) = run.instance {
        // Source: multi-instance tasks, environment variables.
        let cores = instance.cores;
        let counted: Vec<String> = instance.addresses.iter().map(|address| format!("{address} {cores}")).collect();
        set("AZ_BATCH_HOST_LIST", &instance.addresses.join(","));
        set("AZ_BATCH_NODE_LIST", &instance.addresses.join(";"));
        set("AZ_BATCH_MASTER_NODE", &instance.master);
        set("AZ_BATCH_IS_CURRENT_NODE_MASTER", if instance.id == 0 { "true" } else { "false" });
        set("AZ_BATCH_TASK_SHARED_DIR", &format!("{root}/{}", instance.shared_directory));
        set("CCP_NODES", &format!("{} {}", counted.len(), counted.join(" ")));
    }
    set(MARKER, &format!("{}{}", node.mark, run.run));
    all
}

/// What is the same for all that runs on a node.
fn set_node(set: &mut impl FnMut(&str, &str), node: &NodeFacts) {
    let root = node.root.display();
    set("AZ_BATCH_ACCOUNT_NAME", &node.account);
    set("AZ_BATCH_ACCOUNT_URL", &node.account_url);
    set("AZ_BATCH_POOL_ID", &node.pool);
    set("AZ_BATCH_NODE_ID", &node.node);
    set("AZ_BATCH_NODE_IS_DEDICATED", if node.is_dedicated { "true" } else { "false" });
    set("AZ_BATCH_NODE_ROOT_DIR", &root.to_string());
    set("AZ_BATCH_NODE_SHARED_DIR", &format!("{root}/shared"));
    set("AZ_BATCH_NODE_MOUNTS_DIR", &format!("{root}/fsmounts"));
    set("AZ_BATCH_NODE_STARTUP_DIR", &format!("{root}/startup"));
    set("AZ_BATCH_NODE_STARTUP_WORKING_DIR", &format!("{root}/startup/wd"));
}

/// The variables of a remote user's session, which begins in the node's root. `terminal` is its kind; `language` are the
/// client's variables for it.
pub fn session_variables(
    node: &NodeFacts,
    run: RunId,
    shell: &str,
    elevated: bool,
    terminal: Option<&str>,
    language: &[(String, String)],
) -> BTreeMap<String, String> {
    let user = if elevated { "root" } else { &node.user_name };
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let mut set = |name: &str, value: &str| drop(all.insert(name.to_owned(), value.to_owned()));
    set("LANG", "C.UTF-8");
    language.iter().for_each(|(name, value)| set(name, value));
    set("PATH", DEFAULT_PATH);
    set("HOME", &node.root.display().to_string());
    set("SHELL", shell);
    set("USER", user);
    set("LOGNAME", user);
    let is_kind =
        |kind: &&str| kind.len() < 64 && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b"-+._".contains(&b));
    if let Some(kind) = terminal {
        set("TERM", Some(kind).filter(is_kind).unwrap_or("dumb"));
    }
    set_node(&mut set, node);
    set(MARKER, &format!("{}{run}", node.mark));
    all
}

fn is_legal(setting: &EnvironmentSetting) -> bool {
    let value = setting.value.as_deref().unwrap_or_default();
    !setting.name.is_empty() && !setting.name.contains(['=', '\0']) && !value.contains('\0')
}

/// As programs are given it.
pub fn to_block(variables: &BTreeMap<String, String>) -> Vec<CString> {
    variables.iter().filter_map(|(name, value)| CString::new(format!("{name}={value}")).ok()).collect()
}

/// The files that a program's name can mean: itself when it has a slash (from the working directory), else in the folders of
/// the task's `PATH`. An empty folder there is the working directory.
pub fn candidates(program: &str, variables: &BTreeMap<String, String>) -> Vec<CString> {
    if program.contains('/') {
        return CString::new(program).into_iter().collect();
    }
    let path = variables.get("PATH").map_or(DEFAULT_PATH, String::as_str);
    let in_folder = |folder: &str| {
        CString::new(if folder.is_empty() { format!("./{program}") } else { format!("{folder}/{program}") }).ok()
    };
    if program.is_empty() { Vec::new() } else { path.split(':').filter_map(in_folder).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::agent::Attempt;

    fn node() -> NodeFacts {
        NodeFacts {
            node: "n1".into(),
            account: "acc".into(),
            account_url: "http://acc".into(),
            pool: "p1".into(),
            is_dedicated: true,
            root: "/mnt/batch/tasks".into(),
            user_name: "_azbatch".into(),
            mark: "m:".into(),
        }
    }

    fn package() -> Package {
        let directory = "applications/Blender/2.70/0123".to_owned();
        Package { application: "Blender".into(), version: "2.70".into(), directory, ..Package::default() }
    }

    fn of_task(settings: &[(&str, Option<&str>)]) -> BTreeMap<String, String> {
        let setting = |(name, value): &(&str, Option<&str>)| EnvironmentSetting {
            name: (*name).into(),
            value: value.map(str::to_owned),
        };
        let settings: Vec<_> = settings.iter().map(setting).collect();
        let run = RunId::Task(Attempt { task: 7, number: 2 });
        let directory = "workitems/j/job-1/t";
        variables(
            &node(),
            &RunFacts {
                run,
                job_and_task: Some(("j", "t")),
                directory,
                preparation: Some("workitems/j/job-1/prep"),
                settings: &settings,
                packages: &[package()],
                instance: None,
                user: None,
            },
        )
    }

    #[test]
    fn a_task_gets_batchs_variables_and_nothing_else() {
        let all = of_task(&[]);
        let check = |name: &str, value: &str| assert_eq!(all.get(name).map(String::as_str), Some(value), "{name}");
        check("AZ_BATCH_TASK_WORKING_DIR", "/mnt/batch/tasks/workitems/j/job-1/t/wd");
        check("AZ_BATCH_JOB_PREP_WORKING_DIR", "/mnt/batch/tasks/workitems/j/job-1/prep/wd");
        check("AZ_BATCH_TASK_DIR", "/mnt/batch/tasks/workitems/j/job-1/t");
        check("AZ_BATCH_NODE_IS_DEDICATED", "true");
        check("AZ_BATCH_JOB_ID", "j");
        check("HOME", "/mnt/batch/tasks/workitems/j/job-1/t/wd");
        check("USER", "_azbatch");
        check("AZ_BATCH_APP_PACKAGE_Blender_2_70", "/mnt/batch/tasks/applications/Blender/2.70/0123");
        check("AZ_BATCH_APP_PACKAGE_BLENDER_2_70", "/mnt/batch/tasks/applications/Blender/2.70/0123");
        assert!(!all.contains_key("AZ_BATCH_APP_PACKAGE_Blender"));
        check(MARKER, "m:7.2");
        let ours = |name: &String| {
            name.starts_with("AZ_BATCH_")
                || ["PATH", "HOME", "USER", "LOGNAME", "LANG", MARKER].contains(&name.as_str())
        };
        assert!(all.keys().all(ours));
    }

    #[test]
    fn the_start_task_has_no_job() {
        let run = RunFacts {
            run: RunId::StartTask,
            job_and_task: None,
            directory: "startup",
            preparation: None,
            settings: &[],
            packages: &[],
            instance: None,
            user: Some("root"),
        };
        let all = variables(&node(), &run);
        assert!(!all.contains_key("AZ_BATCH_JOB_ID") && !all.contains_key("AZ_BATCH_TASK_ID"));
        assert_eq!(all["AZ_BATCH_TASK_WORKING_DIR"], all["AZ_BATCH_NODE_STARTUP_WORKING_DIR"]);
        assert_eq!(all["USER"], "root");
    }

    #[test]
    fn a_session_knows_its_node_and_no_task() {
        let language = [("LC_ALL".to_owned(), "fr_FR.UTF-8".to_owned())];
        let all = session_variables(&node(), RunId::Session(3), "/bin/sh", false, Some("x; rm"), &language);
        assert_eq!((all["HOME"].as_str(), all["AZ_BATCH_POOL_ID"].as_str()), ("/mnt/batch/tasks", "p1"));
        assert_eq!((all["LC_ALL"].as_str(), all["TERM"].as_str()), ("fr_FR.UTF-8", "dumb"));
        assert_eq!(all[MARKER], "m:session-3");
        assert!(!all.keys().any(|name| name.starts_with("AZ_BATCH_TASK")));
    }

    #[test]
    fn an_instance_knows_the_others() {
        let instance = Instance {
            id: 1,
            shared_directory: "workitems/j/job-1/t".into(),
            master: "10.0.0.1:20001".into(),
            addresses: vec!["10.0.0.1".into(), "10.0.0.2".into()],
            cores: 4,
            ..Instance::default()
        };
        let run = RunFacts {
            run: RunId::StartTask,
            job_and_task: Some(("j", "t")),
            directory: "workitems/j/job-1/t/1",
            preparation: None,
            settings: &[],
            packages: &[],
            instance: Some(&instance),
            user: None,
        };
        let all = variables(&node(), &run);
        let check = |name: &str, value: &str| assert_eq!(all.get(name).map(String::as_str), Some(value), "{name}");
        check("AZ_BATCH_HOST_LIST", "10.0.0.1,10.0.0.2");
        check("AZ_BATCH_NODE_LIST", "10.0.0.1;10.0.0.2");
        check("AZ_BATCH_MASTER_NODE", "10.0.0.1:20001");
        check("AZ_BATCH_IS_CURRENT_NODE_MASTER", "false");
        check("AZ_BATCH_TASK_SHARED_DIR", "/mnt/batch/tasks/workitems/j/job-1/t");
        check("AZ_BATCH_TASK_DIR", "/mnt/batch/tasks/workitems/j/job-1/t/1");
        check("CCP_NODES", "2 10.0.0.1 4 10.0.0.2 4");
    }

    #[test]
    fn settings_win_but_not_over_what_programs_rely_on() {
        let all = of_task(&[
            ("PATH", Some("/opt/bin")),
            ("HOME", None),
            ("AZ_BATCH_NODE_ID", Some("other")),
            ("AZ_BATCH_MINE", Some("1")),
        ]);
        assert_eq!((all["PATH"].as_str(), all["HOME"].as_str()), ("/opt/bin", ""));
        assert_eq!((all["AZ_BATCH_NODE_ID"].as_str(), all["AZ_BATCH_MINE"].as_str()), ("n1", "1"));
    }

    #[test]
    fn settings_that_no_program_can_be_given_are_left_out() {
        let all = of_task(&[
            ("", Some("x")),
            ("A=B", Some("x")),
            ("C\0D", Some("x")),
            ("E", Some("x\0y")),
            ("F", Some("a=b\nc")),
        ]);
        assert_eq!(all.len(), of_task(&[]).len() + 1);
        assert!(to_block(&all).contains(&c"F=a=b\nc".to_owned()));
    }

    #[test]
    fn programs_are_looked_up_in_the_tasks_path() {
        let all = of_task(&[("PATH", Some("/a:/b::"))]);
        assert_eq!(
            candidates("x", &all),
            [c"/a/x".to_owned(), c"/b/x".to_owned(), c"./x".to_owned(), c"./x".to_owned()]
        );
        assert_eq!(candidates("./x", &all), [c"./x".to_owned()]);
        assert!(candidates("", &all).is_empty());
    }
}
