//! The form that adds tasks: one, a list of command lines, or a range of numbers put into a pattern.

use crate::api::{self, MultiInstanceSettings, TaskConstraints, TaskCreate};
use crate::domain::ids::TaskId;
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;
use crate::portal::pages::application::{self, ReferenceRow};
use crate::portal::pages::container::ContainerChoice;
use crate::portal::pages::run_as::RunAs;
use crate::portal::pages::task::ends::{self, ExitRow};
use crate::portal::pages::task::template::{self, MAX_TASKS, NotARange, Range};
use crate::portal::pages::transfers::{self, OutputRow, SourceRow};
use crate::portal::pages::typed::{self, Pair, Problem, form};

/// How many tasks the form makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Amount {
    #[default]
    One,
    /// A command line a row.
    Lines,
    /// A number of a range in the pattern.
    Range,
}

impl Amount {
    pub const ALL: [Amount; 3] = [Amount::One, Amount::Lines, Amount::Range];
}

form! {
    /// What the screen holds, as typed.
    TaskForm, TaskFields {
        amount: Amount,
        /// The task's id; a pattern with `{i}` for many.
        id: String,
        display_name: String,
        /// The command line; a pattern for a range, one a row for lines.
        command_line: String,
        start: String,
        end: String,
        step: String,
        n_digits: String,
        environment: Vec<Pair>,
        slots: String,
        max_wall_clock: String,
        retention: String,
        /// Empty: the job's.
        max_retries: String,
        /// Ids that the task waits for, with the place of the number where there are many.
        depends_on: String,
        /// Ranges of ids such as `1-10`.
        depends_on_ranges: String,
        exit_conditions: Vec<ExitRow>,
        resource_files: Vec<SourceRow>,
        output_files: Vec<OutputRow>,
        packages: Vec<ReferenceRow>,
        /// Nodes that the task takes at once; empty for a task that is not multi-instance.
        instances: String,
        coordination: String,
        container: ContainerChoice,
        /// Whom it runs as.
        run_as: RunAs,
        /// What the form has no place for goes through unchanged, when a task is added like another.
        base: TaskCreate,
    }
}

impl Default for TaskForm {
    fn default() -> Self {
        let text = str::to_owned;
        TaskForm {
            amount: Amount::One,
            id: String::new(),
            display_name: String::new(),
            command_line: String::new(),
            start: text("1"),
            end: text("10"),
            step: text("1"),
            n_digits: text("1"),
            environment: Vec::new(),
            slots: text("1"),
            max_wall_clock: String::new(),
            retention: String::new(),
            max_retries: String::new(),
            depends_on: String::new(),
            depends_on_ranges: String::new(),
            exit_conditions: Vec::new(),
            resource_files: Vec::new(),
            output_files: Vec::new(),
            packages: Vec::new(),
            container: ContainerChoice::default(),
            run_as: RunAs::default(),
            base: TaskCreate::default(),
            instances: String::new(),
            coordination: String::new(),
        }
    }
}

impl TaskForm {
    /// The form that adds a task like this one.
    pub fn like(task: &TaskCreate) -> Self {
        let constraints = task.constraints.clone().unwrap_or_default();
        let several = task.multi_instance_settings.as_ref();
        let (depends_on, depends_on_ranges) =
            task.depends_on.as_ref().map(ends::write_dependencies).unwrap_or_default();
        TaskForm {
            display_name: task.display_name.clone().unwrap_or_default(),
            command_line: task.command_line.clone(),
            environment: typed::environment_rows(task.environment_settings.as_ref()),
            slots: task.slots().to_string(),
            max_wall_clock: typed::write_length(constraints.max_wall_clock_time),
            retention: typed::write_length(constraints.retention_time),
            max_retries: constraints.max_task_retry_count.map_or_else(String::new, |n| n.to_string()),
            depends_on,
            depends_on_ranges,
            exit_conditions: task.exit_conditions.as_ref().map(ends::exit_rows).unwrap_or_default(),
            resource_files: transfers::source_rows(task.resource_files.as_ref()),
            output_files: transfers::output_rows(task.output_files.as_ref()),
            packages: application::reference_rows(task.application_package_references.as_ref()),
            container: ContainerChoice::of(task.container_settings.as_ref()),
            run_as: RunAs::of(task.user_identity.as_ref()),
            base: task.clone(),
            instances: several.as_ref().map(|s| s.number_of_instances.unwrap_or(1).to_string()).unwrap_or_default(),
            coordination: several.map(|s| s.coordination_command_line.clone()).unwrap_or_default(),
            ..TaskForm::default()
        }
    }

    /// What all tasks of the form share, and where each differs.
    ///
    /// # Errors
    /// A sentence for each field that does not fit.
    pub fn to_plan(&self) -> Result<TaskPlan, FieldErrors> {
        let mut errors = FieldErrors::default();
        let template = TaskCreate {
            display_name: errors.take("displayName", typed::optional(&self.display_name, 1024)).flatten(),
            environment_settings: errors.take("environmentSettings", typed::environment(&self.environment)).flatten(),
            required_slots: errors.take("requiredSlots", typed::number(&self.slots, 1..=256)),
            constraints: self.constraints(&mut errors),
            depends_on: ends::dependencies(&self.depends_on, &self.depends_on_ranges, &mut errors),
            exit_conditions: errors.take("exitConditions", ends::exit_conditions(&self.exit_conditions)).flatten(),
            resource_files: errors.take("resourceFiles", transfers::resource_files(&self.resource_files)).flatten(),
            output_files: errors.take("outputFiles", transfers::output_files(&self.output_files)).flatten(),
            application_package_references: errors
                .take("applicationPackageReferences", application::references(&self.packages))
                .flatten(),
            multi_instance_settings: self.several(&mut errors),
            container_settings: self.container.to_settings("containerSettings", &mut errors),
            user_identity: errors.take("userIdentity", self.run_as.to_identity()).flatten(),
            ..self.base.clone()
        };
        let variation = match self.amount {
            Amount::One => Variation::None,
            Amount::Lines => Variation::Lines(self.lines()),
            Amount::Range => Variation::Range(errors.take("range", self.range()).unwrap_or(Range {
                start: 0,
                end: 0,
                step: 1,
                n_digits: 0,
            })),
        };
        let commands = if self.amount == Amount::Lines && self.lines().len() as u64 > MAX_TASKS {
            Err(too_many())
        } else if self.container.has_image() && self.amount != Amount::Lines {
            // An image has a command of its own.
            Ok(self.command_line.clone())
        } else {
            typed::required(&self.command_line)
        };
        let plan = TaskPlan {
            template,
            id: self.id.trim().to_owned(),
            command_line: errors.take("commandLine", commands).unwrap_or_default(),
            variation,
        };
        errors.take("id", plan.check_ids());
        errors.or(plan)
    }

    fn several(&self, errors: &mut FieldErrors) -> Option<MultiInstanceSettings> {
        if self.instances.trim().is_empty() {
            return None;
        }
        let number = typed::number(&self.instances, 1..=1000);
        if self.slots.trim() != "1" {
            errors.take("requiredSlots", Err::<(), Problem>(msg::TASK_INSTANCES_ONE_SLOT.into()));
        }
        Some(MultiInstanceSettings {
            number_of_instances: errors.take("multiInstanceSettings.numberOfInstances", number),
            coordination_command_line: errors
                .take("multiInstanceSettings.coordinationCommandLine", typed::required(&self.coordination))
                .unwrap_or_default(),
            common_resource_files: None,
        })
    }

    /// The command lines of the rows; empty rows are passed over.
    fn lines(&self) -> Vec<String> {
        self.command_line.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    fn range(&self) -> Result<Range, Problem> {
        let start = typed::number(&self.start, i32::MIN..=i32::MAX)?;
        let end = typed::number(&self.end, i32::MIN..=i32::MAX)?;
        let step = typed::number(&self.step, i32::MIN..=i32::MAX)?;
        let n_digits = typed::number(&self.n_digits, 1..=18)? as usize;
        let range = Range { start: start.into(), end: end.into(), step: step.into(), n_digits };
        range.count().map(|_| range).map_err(|error| match error {
            NotARange::StepIsZero => msg::TASK_RANGE_STEP_ZERO.into(),
            NotARange::NeverEnds => msg::TASK_RANGE_NEVER_ENDS.into(),
            NotARange::TooMany => too_many(),
        })
    }

    fn constraints(&self, errors: &mut FieldErrors) -> Option<TaskConstraints> {
        let constraints = TaskConstraints {
            max_wall_clock_time: errors
                .take("constraints.maxWallClockTime", typed::length(&self.max_wall_clock))
                .flatten(),
            retention_time: errors.take("constraints.retentionTime", typed::length(&self.retention)).flatten(),
            max_task_retry_count: errors
                .take("constraints.maxTaskRetryCount", typed::optional_number(&self.max_retries, -1..=i32::MAX))
                .flatten(),
        };
        (constraints != TaskConstraints::default()).then_some(constraints)
    }
}

/// Each of many tasks can have files of its own.
fn fill_files(task: &mut TaskCreate, number: &str) {
    let fill = |text: &mut Option<String>| *text = text.as_ref().map(|text| template::fill(text, number));
    for file in task.resource_files.iter_mut().flatten() {
        fill(&mut file.http_url);
        fill(&mut file.blob_prefix);
        fill(&mut file.file_path);
    }
    for file in task.output_files.iter_mut().flatten() {
        file.file_pattern = template::fill(&file.file_pattern, number);
        if let Some(container) = &mut file.destination.container {
            fill(&mut container.path);
        }
    }
}

fn too_many() -> Problem {
    Problem::with(msg::TASK_TOO_MANY, vec![("max", MAX_TASKS.to_string())])
}

/// Tasks that differ in their number only; made when they are needed, since they may be many.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskPlan {
    template: TaskCreate,
    id: String,
    command_line: String,
    variation: Variation,
}

#[derive(Clone, Debug, PartialEq)]
enum Variation {
    None,
    Lines(Vec<String>),
    Range(Range),
}

impl TaskPlan {
    pub fn count(&self) -> u64 {
        match &self.variation {
            Variation::None => 1,
            Variation::Lines(lines) => lines.len() as u64,
            Variation::Range(range) => range.count().unwrap_or_default(),
        }
    }

    pub fn is_many(&self) -> bool {
        self.variation != Variation::None
    }

    /// The task at `index`, below the count.
    pub fn task(&self, index: u64) -> TaskCreate {
        let (number, command_line) = match &self.variation {
            Variation::None => {
                let (id, command_line) = (self.id.clone(), self.command_line.clone());
                return TaskCreate { id, command_line, ..self.template.clone() };
            }
            Variation::Lines(lines) => {
                let line = usize::try_from(index).ok().and_then(|i| lines.get(i)).cloned().unwrap_or_default();
                ((index + 1).to_string(), line)
            }
            Variation::Range(range) => {
                let number = range.number(index);
                let command_line = template::fill(&self.command_line, &number);
                (number, command_line)
            }
        };
        let mut task = TaskCreate { id: template::fill(&self.id, &number), command_line, ..self.template.clone() };
        fill_files(&mut task, &number);
        for id in task.depends_on.iter_mut().flat_map(|dependencies| &mut dependencies.task_ids) {
            *id = template::fill(id, &number);
        }
        task
    }

    /// The tasks of one call: `size` of them, or what is left.
    pub fn batch(&self, from: u64, size: u64) -> Vec<api::TaskCreate> {
        (from..self.count().min(from + size)).map(|index| self.task(index)).collect()
    }

    /// Ids must be legal, and differ where there are many. The first and the last are the shortest and the longest.
    fn check_ids(&self) -> Result<(), Problem> {
        if self.is_many() && !self.id.is_empty() && !template::has_place(&self.id) {
            return Err(msg::TASK_ID_NEEDS_PLACE.into());
        }
        typed::id::<TaskId>(&self.task(0).id)?;
        typed::id::<TaskId>(&self.task(self.count().saturating_sub(1)).id).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(change: impl FnOnce(&mut TaskForm)) -> TaskForm {
        let mut form = TaskForm { id: "t1".into(), command_line: "true".into(), ..TaskForm::default() };
        change(&mut form);
        form
    }

    fn tasks(form: &TaskForm) -> Vec<(String, String)> {
        let plan = form.to_plan().unwrap();
        plan.batch(0, 100).into_iter().map(|task| (task.id, task.command_line)).collect()
    }

    fn check_error(field: &str, change: impl FnOnce(&mut TaskForm)) {
        let errors = form(change).to_plan().unwrap_err();
        assert!(errors.of(field).is_some(), "{field}: {errors:?}");
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(id, command)| ((*id).to_owned(), (*command).to_owned())).collect()
    }

    #[test]
    fn one_task_is_what_was_typed() {
        assert_eq!(tasks(&form(|f| f.command_line = "sh -c 'echo {i}'".into())), pairs(&[("t1", "sh -c 'echo {i}'")]));
    }

    #[test]
    fn a_row_is_a_task() {
        let form = form(|f| {
            (f.amount, f.id) = (Amount::Lines, "t-{i}".into());
            f.command_line = "a 1\n\n  b {i} \n".into();
        });
        assert_eq!(tasks(&form), pairs(&[("t-1", "a 1"), ("t-2", "b {i}")]));
    }

    #[test]
    fn a_range_fills_the_pattern() {
        let form = form(|f| {
            (f.amount, f.id, f.command_line) = (Amount::Range, "f{i}".into(), "render --frame {i}".into());
            (f.start, f.end, f.step, f.n_digits) = ("0".into(), "20".into(), "10".into(), "3".into());
        });
        assert_eq!(
            tasks(&form),
            pairs(&[("f000", "render --frame 000"), ("f010", "render --frame 010"), ("f020", "render --frame 020")])
        );
        assert_eq!(form.to_plan().unwrap().batch(2, 100).len(), 1);
        let depends = TaskForm { depends_on: "render-{i}, all".into(), ..form }.to_plan().unwrap().task(1);
        assert_eq!(depends.depends_on.unwrap().task_ids, ["render-010", "all"]);
    }

    #[test]
    fn each_of_many_tasks_has_files_of_its_own() {
        let form = form(|f| {
            (f.amount, f.id, f.command_line) = (Amount::Range, "f{i}".into(), "render".into());
            let source = SourceRow { source: "http://h/{i}.in".into(), path: "{i}.in".into(), ..SourceRow::default() };
            let output = OutputRow {
                pattern: "{i}.png".into(),
                container_url: "http://h/c?s".into(),
                path: "out/{i}".into(),
                ..OutputRow::default()
            };
            (f.resource_files, f.output_files) = (vec![source], vec![output]);
        });
        let task = form.to_plan().unwrap().task(1);
        let (source, output) = (&task.resource_files.unwrap()[0], &task.output_files.unwrap()[0]);
        assert_eq!((source.http_url.as_deref(), source.file_path.as_deref()), (Some("http://h/2.in"), Some("2.in")));
        let container = output.destination.container.as_ref().unwrap();
        assert_eq!((output.file_pattern.as_str(), container.path.as_deref()), ("2.png", Some("out/2")));
    }

    #[test]
    fn errors_stand_at_their_fields() {
        check_error("id", |f| f.id.clear());
        check_error("id", |f| (f.amount, f.id) = (Amount::Range, "same".into()));
        check_error("id", |f| (f.amount, f.id) = (Amount::Lines, "t:{i}".into()));
        check_error("id", |f| (f.amount, f.id) = (Amount::Range, format!("{}{{i}}", "x".repeat(63))));
        check_error("commandLine", |f| f.command_line = "  ".into());
        check_error("range", |f| (f.amount, f.step) = (Amount::Range, "0".into()));
        check_error("range", |f| (f.amount, f.end) = (Amount::Range, "200000".into()));
        check_error("requiredSlots", |f| f.slots = "0".into());
        check_error("constraints.retentionTime", |f| f.retention = "x".into());
        let several = |f: &mut TaskForm| (f.instances, f.coordination) = ("2".into(), "true".into());
        check_error("requiredSlots", |f| {
            several(f);
            f.slots = "2".into();
        });
        let number = "multiInstanceSettings.numberOfInstances";
        check_error(number, |f| {
            several(f);
            f.instances = "0".into();
        });
        check_error("multiInstanceSettings.coordinationCommandLine", |f| f.instances = "2".into());
    }

    #[test]
    fn a_task_on_several_nodes_is_cloned_with_its_settings() {
        let made = form(|f| (f.instances, f.coordination) = ("3".into(), "sh -c up".into())).to_plan().unwrap().task(0);
        let several = made.multi_instance_settings.clone().unwrap();
        assert_eq!((several.number_of_instances, several.coordination_command_line.as_str()), (Some(3), "sh -c up"));
        let again = TaskForm { id: "t1".into(), ..TaskForm::like(&made) }.to_plan().unwrap().task(0);
        assert_eq!(again, made);
    }

    #[test]
    fn a_clone_has_everything_but_the_id() {
        let mut task = form(|f| {
            (f.slots, f.max_wall_clock, f.retention, f.max_retries) =
                ("3".into(), "1h".into(), "2d".into(), "-1".into());
            f.environment = vec![("A".into(), "1".into())];
            f.display_name = "Frame".into();
            (f.depends_on, f.depends_on_ranges) = ("a".into(), "1-3".into());
            let row = ExitRow { codes: "7".into(), dependents: "satisfy".into(), ..ExitRow::default() };
            f.exit_conditions = vec![row];
            f.resource_files =
                vec![SourceRow { source: "http://h/f?sig".into(), path: "f".into(), ..SourceRow::default() }];
            f.output_files = vec![OutputRow {
                pattern: "*.txt".into(),
                container_url: "http://h/c?sig".into(),
                ..OutputRow::default()
            }];
            f.run_as = RunAs { kind: "account".into(), account: "u".into() };
        })
        .to_plan()
        .unwrap()
        .task(0);
        let mut again = TaskForm { id: "t2".into(), ..TaskForm::like(&task) }.to_plan().unwrap().task(0);
        assert_eq!(std::mem::take(&mut again.id), "t2");
        task.id.clear();
        assert_eq!(again, task);
    }
}
