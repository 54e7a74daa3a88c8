//! The form of a new pool, and what it costs against the quota.

use crate::api::{self, NodeFillType, StartTask, TaskSchedulingPolicy, UserIdentity, VmSize};
use crate::domain::ids::PoolId;
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;
use crate::portal::pages::application::{self, ReferenceRow};
use crate::portal::pages::container::{self, ContainerChoice, RegistryRow};
use crate::portal::pages::mounts::{self, MountRow};
use crate::portal::pages::pool::auto_scale_form::AutoScaleForm;
use crate::portal::pages::pool::network::{NatRow, network};
use crate::portal::pages::pool::resize_form::MOST_NODES;
use crate::portal::pages::run_as::{self, AccountRow, RunAs};
use crate::portal::pages::transfers::{self, SourceRow};
use crate::portal::pages::typed::{self, Pair, Problem, form};

form! {
    /// What the screen holds, as typed.
    PoolForm, PoolFields {
        id: String,
        display_name: String,
        vm_size: String,
        /// [`FIXED`] or [`AUTO`].
        sizing: String,
        formula: String,
        interval: String,
        dedicated: String,
        low_priority: String,
        slots_per_node: String,
        /// Its nodes may communicate, for tasks on several of them.
        inter_node: bool,
        /// `spread` or `pack`.
        fill_type: String,
        /// Tasks run in containers.
        has_containers: bool,
        /// One a line.
        images: String,
        registries: Vec<RegistryRow>,
        start_command: String,
        /// Only where tasks run in containers.
        start_container: ContainerChoice,
        start_environment: Vec<Pair>,
        start_files: Vec<SourceRow>,
        start_retries: String,
        start_wait: bool,
        /// Whom the start task runs as.
        start_as: RunAs,
        /// The pool's own users.
        accounts: Vec<AccountRow>,
        /// File systems that its nodes mount.
        mounts: Vec<MountRow>,
        packages: Vec<ReferenceRow>,
        /// Nodes can be logged in to.
        remote_access: bool,
        nat_pools: Vec<NatRow>,
    }
}

impl Default for PoolForm {
    fn default() -> Self {
        PoolForm {
            id: String::new(),
            display_name: String::new(),
            vm_size: String::new(),
            sizing: FIXED.to_owned(),
            formula: String::new(),
            interval: AutoScaleForm::default().interval,
            dedicated: "1".to_owned(),
            low_priority: "0".to_owned(),
            slots_per_node: "1".to_owned(),
            inter_node: false,
            fill_type: NodeFillType::Spread.to_string(),
            has_containers: false,
            images: String::new(),
            registries: Vec::new(),
            start_command: String::new(),
            start_container: ContainerChoice::default(),
            start_environment: Vec::new(),
            start_files: Vec::new(),
            start_retries: "0".to_owned(),
            start_wait: true,
            start_as: RunAs::default(),
            accounts: Vec::new(),
            mounts: Vec::new(),
            packages: Vec::new(),
            remote_access: false,
            nat_pools: Vec::new(),
        }
    }
}

/// The property of the start task's container.
pub const START_CONTAINER: &str = "startTask.containerSettings";

/// The user says how many nodes there are.
pub const FIXED: &str = "fixed";
/// A formula does.
pub const AUTO: &str = "auto";

/// More slots than this no node has, whatever its cores.
const MAX_SLOTS: i64 = 256;

impl PoolForm {
    /// The body of the request.
    ///
    /// # Errors
    /// A sentence for each field that does not fit.
    pub fn to_create(&self, sizes: &[VmSize]) -> Result<api::PoolCreate, FieldErrors> {
        let mut errors = FieldErrors::default();
        let size = self.size(sizes);
        let create = api::PoolCreate {
            id: errors.take("id", typed::id::<PoolId>(&self.id)).map(String::from).unwrap_or_default(),
            display_name: errors.take("displayName", typed::optional(&self.display_name, 1024)).flatten(),
            vm_size: errors
                .take("vmSize", size.map(|s| s.name.clone()).ok_or_else(|| msg::FIELD_REQUIRED.into()))
                .unwrap_or_default(),
            task_slots_per_node: errors
                .take("taskSlotsPerNode", typed::number(&self.slots_per_node, 1..=max_slots(size))),
            task_scheduling_policy: Some(TaskSchedulingPolicy {
                node_fill_type: self.fill_type.parse().unwrap_or(NodeFillType::Spread),
                job_default_order: None,
            }),
            enable_inter_node_communication: self.inter_node.then_some(true),
            virtual_machine_configuration: self
                .has_containers
                .then(|| container::machine(&self.images, &self.registries, &mut errors)),
            start_task: self.start_task(&mut errors),
            application_package_references: errors
                .take("applicationPackageReferences", application::references(&self.packages))
                .flatten(),
            user_accounts: errors.take("userAccounts", run_as::accounts(&self.accounts)).flatten(),
            mount_configuration: errors.take("mountConfiguration", mounts::mounts(&self.mounts)).flatten(),
            network_configuration: self.network(&mut errors),
            ..api::PoolCreate::default()
        };
        let create = self.sized(create, &mut errors);
        errors.or(create)
    }

    fn network(&self, errors: &mut FieldErrors) -> Option<api::NetworkConfiguration> {
        network(&self.nat_pools, self.remote_access).unwrap_or_else(|found| {
            errors.extend(found);
            None
        })
    }

    pub fn is_auto(&self) -> bool {
        self.sizing == AUTO
    }

    /// With targets, or with the formula that sets them.
    fn sized(&self, create: api::PoolCreate, errors: &mut FieldErrors) -> api::PoolCreate {
        if self.is_auto() {
            let form = AutoScaleForm { formula: self.formula.clone(), interval: self.interval.clone() };
            let api::PoolEnableAutoScale { auto_scale_formula, auto_scale_evaluation_interval } = form.check(errors);
            return api::PoolCreate {
                enable_auto_scale: Some(true),
                auto_scale_formula,
                auto_scale_evaluation_interval,
                ..create
            };
        }
        api::PoolCreate {
            target_dedicated_nodes: errors.take("targetDedicatedNodes", typed::number(&self.dedicated, 0..=MOST_NODES)),
            target_low_priority_nodes: errors
                .take("targetLowPriorityNodes", typed::number(&self.low_priority, 0..=MOST_NODES)),
            ..create
        }
    }

    fn start_task(&self, errors: &mut FieldErrors) -> Option<StartTask> {
        if !self.has_start_task() {
            return None;
        }
        let container = self.has_containers.then(|| self.start_container.to_settings(START_CONTAINER, errors));
        Some(StartTask {
            command_line: self.start_command.clone(),
            container_settings: container.flatten(),
            environment_settings: errors
                .take("startTask.environmentSettings", typed::environment(&self.start_environment))
                .flatten(),
            resource_files: errors
                .take("startTask.resourceFiles", transfers::resource_files(&self.start_files))
                .flatten(),
            max_task_retry_count: errors
                .take("startTask.maxTaskRetryCount", typed::number(&self.start_retries, -1..=i32::MAX)),
            wait_for_success: Some(self.start_wait),
            user_identity: errors.take("startTask.userIdentity", self.start_user()).flatten(),
        })
    }

    /// An image has a command of its own.
    pub fn has_start_task(&self) -> bool {
        !self.start_command.trim().is_empty() || (self.has_containers && self.start_container.has_image())
    }

    /// An account that the start task names is one of the form's.
    fn start_user(&self) -> Result<Option<UserIdentity>, Problem> {
        let identity = self.start_as.to_identity()?;
        match identity.as_ref().and_then(|identity| identity.user_name.as_deref()) {
            Some(name) if self.accounts.iter().all(|row| row.name.trim() != name) => {
                Err(Problem::with(msg::RUN_AS_UNKNOWN, vec![("name", name.to_owned())]))
            }
            _ => Ok(identity),
        }
    }

    /// The size that is chosen, if the location has it.
    pub fn size<'a>(&self, sizes: &'a [VmSize]) -> Option<&'a VmSize> {
        sizes.iter().find(|size| size.name.eq_ignore_ascii_case(self.vm_size.trim()))
    }

    /// What the pool needs of the quota of dedicated cores; nothing while the form does not say.
    pub fn dedicated_cores(&self, sizes: &[VmSize]) -> Option<i64> {
        Some(self.size(sizes)?.cores * i64::from(typed::number(&self.dedicated, 0..=MOST_NODES).ok()?))
    }

    /// And of low-priority cores.
    pub fn low_priority_cores(&self, sizes: &[VmSize]) -> Option<i64> {
        Some(self.size(sizes)?.cores * i64::from(typed::number(&self.low_priority, 0..=MOST_NODES).ok()?))
    }
}

/// The most slots that a node of this size can have: four a core.
pub fn max_slots(size: Option<&VmSize>) -> i32 {
    size.map_or(MAX_SLOTS, |size| (size.cores * 4).clamp(1, MAX_SLOTS)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{AccountCounts, AccountQuotas};
    use crate::domain::quota::Use;

    fn sizes() -> Vec<VmSize> {
        vec![VmSize { name: "standard_d2s_v3".into(), cores: 2, memory_mib: 8192, native: false }]
    }

    fn form(change: impl FnOnce(&mut PoolForm)) -> PoolForm {
        let mut form = PoolForm { id: "p1".into(), vm_size: "STANDARD_D2S_V3".into(), ..PoolForm::default() };
        change(&mut form);
        form
    }

    fn check_error(field: &str, change: impl FnOnce(&mut PoolForm)) {
        let errors = form(change).to_create(&sizes()).unwrap_err();
        assert!(errors.of(field).is_some(), "{field}: {errors:?}");
    }

    #[test]
    fn the_defaults_with_an_id_and_a_size_are_a_pool_of_one_node() {
        let create = form(|_| ()).to_create(&sizes()).unwrap();
        assert_eq!((create.id.as_str(), create.vm_size.as_str()), ("p1", "standard_d2s_v3"));
        assert_eq!((create.target_dedicated_nodes, create.target_low_priority_nodes), (Some(1), Some(0)));
        assert_eq!((create.slots_per_node(), create.fill_type()), (1, NodeFillType::Spread));
        assert_eq!(create.start_task, None);
    }

    #[test]
    fn a_pool_with_a_formula_has_no_targets() {
        let create = form(|f| (f.sizing, f.formula) = (AUTO.into(), "$TargetDedicatedNodes = 1;".into()));
        let create = create.to_create(&sizes()).unwrap();
        assert_eq!((create.enable_auto_scale, create.target_dedicated_nodes), (Some(true), None));
        assert_eq!(create.auto_scale_formula.as_deref(), Some("$TargetDedicatedNodes = 1;"));
        assert_eq!(create.auto_scale_evaluation_interval.map(|i| i.to_string()).as_deref(), Some("PT15M"));
        check_error("autoScaleFormula", |f| (f.sizing, f.formula) = (AUTO.into(), "x = ".into()));
        check_error("autoScaleEvaluationInterval", |f| (f.sizing, f.interval) = (AUTO.into(), "1m".into()));
    }

    #[test]
    fn a_start_task_carries_its_settings() {
        let create = form(|f| {
            f.start_command = "/bin/sh -c 'echo hi'".into();
            f.start_environment = vec![("A".into(), "1".into())];
            f.start_retries = "-1".into();
            f.start_wait = false;
        });
        let start = create.to_create(&sizes()).unwrap().start_task.unwrap();
        assert_eq!(start.command_line, "/bin/sh -c 'echo hi'");
        assert_eq!((start.max_task_retry_count, start.wait_for_success), (Some(-1), Some(false)));
        assert_eq!(start.environment_settings.unwrap()[0].name, "A");
    }

    #[test]
    fn a_start_task_may_run_in_a_container_where_the_pools_tasks_do() {
        let with = |has_containers| {
            form(|f| {
                (f.has_containers, f.images) = (has_containers, "busybox".into());
                f.start_container.image = "busybox".into();
            })
        };
        let create = with(true).to_create(&sizes()).unwrap();
        assert_eq!(create.container_configuration().unwrap().container_image_names.as_ref().unwrap(), &["busybox"]);
        assert_eq!(create.start_task.unwrap().container_settings, Some(api::ContainerSettings::of_image("busybox")));
        let create = with(false).to_create(&sizes()).unwrap();
        assert_eq!((create.virtual_machine_configuration, create.start_task), (None, None));
    }

    #[test]
    fn the_start_task_may_run_as_an_account_of_the_form() {
        let with = |rows: Vec<AccountRow>| {
            form(|f| {
                f.start_command = "x".into();
                f.start_as = RunAs { kind: "account".into(), account: "anna".into() };
                f.accounts = rows;
            })
        };
        let row = AccountRow { name: "anna".into(), password: "p".into(), ..AccountRow::default() };
        let create = with(vec![row]).to_create(&sizes()).unwrap();
        assert_eq!(create.start_task.unwrap().user_identity.unwrap().user_name.as_deref(), Some("anna"));
        assert_eq!(create.user_accounts.unwrap().len(), 1);
        assert!(with(Vec::new()).to_create(&sizes()).unwrap_err().of("startTask.userIdentity").is_some());
    }

    #[test]
    fn errors_stand_at_their_fields() {
        check_error("id", |f| f.id = "a b".into());
        check_error("vmSize", |f| f.vm_size = "huge".into());
        check_error("targetDedicatedNodes", |f| f.dedicated = "-1".into());
        check_error("targetLowPriorityNodes", |f| f.low_priority = "many".into());
        check_error("taskSlotsPerNode", |f| f.slots_per_node = "9".into());
        check_error("startTask.maxTaskRetryCount", |f| (f.start_command, f.start_retries) = ("x".into(), "-2".into()));
    }

    #[test]
    fn the_quota_counts_what_is_there_and_what_is_asked_for() {
        let counts = AccountCounts { dedicated_cores: 6, ..AccountCounts::default() };
        let quotas = AccountQuotas { dedicated_core_quota: 10, ..AccountQuotas::default() };
        let of = |n: &str| {
            Use::dedicated_cores(&counts, &quotas, form(|f| f.dedicated = n.into()).dedicated_cores(&sizes()).unwrap())
        };
        assert!(!of("2").is_exceeded());
        assert!(of("3").is_exceeded());
        assert!(!of("0").is_exceeded());
        assert_eq!(of("2").left(), 4);
    }
}
