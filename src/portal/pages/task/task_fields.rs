//! The controls of the form that adds tasks, and the preview of many.

use leptos::prelude::*;

use super::exit_editor::ExitEditor;
use super::task_form::{Amount, TaskFields, TaskPlan};
use super::template::MAX_TASKS;
use crate::domain::check::JobFacts;
use crate::portal::components::{Field, NumberInput, TextArea, TextInput};
use crate::portal::format;
use crate::portal::i18n::{Msg, language, msg, t, tf, tx};
use crate::portal::pages::application::ReferenceEditor;
use crate::portal::pages::container::{ContainerChoice, ContainerField};
use crate::portal::pages::pairs_editor::PairsEditor;
use crate::portal::pages::run_as::RunAsField;
use crate::portal::pages::transfers::{OutputEditor, SourceEditor};

/// So many tasks are shown before they are made.
const PREVIEWED: u64 = 3;

#[component]
pub fn TaskFieldset(
    fields: TaskFields,
    job: JobFacts,
    /// Whether the pool's tasks run in containers, if there is the pool.
    has_containers: Option<bool>,
) -> impl IntoView {
    let is = move |amount: Amount| fields.amount.get() == amount;
    let id_hint = move || Some(t(if is(Amount::One) { msg::TASK_ID_HINT } else { msg::TASK_ID_MANY_HINT }).to_owned());
    let command_hint = move || {
        Some(match fields.amount.get() {
            Amount::One => t(msg::TASK_COMMAND_HINT).to_owned(),
            Amount::Lines => tf(msg::TASK_LINES_HINT, &[("max", &format::number(language(), MAX_TASKS as i64))]),
            Amount::Range => t(msg::TASK_RANGE_HINT).to_owned(),
        })
    };
    let command =
        Signal::derive(move || t(if is(Amount::Lines) { msg::TASK_COMMANDS } else { msg::TASK_COMMAND }).to_owned());
    // One that a copied task has can be taken away.
    let asks_container = has_containers != Some(false) || fields.container.with_untracked(ContainerChoice::has_image);
    let needs_command = has_containers != Some(true);
    let container_hint = match has_containers {
        Some(true) => msg::TASK_CONTAINER_HINT,
        _ => msg::TASK_CONTAINER_HINT_UNKNOWN,
    };
    view! {
        <AmountChoice fields/>
        <Field name="id" label=msg::TASK_ID hint=Signal::derive(id_hint) required=true><TextInput value=fields.id code=true/></Field>
        <Show when=move || is(Amount::Range)><RangeFields fields/></Show>
        <Field name="commandLine" label=command hint=Signal::derive(command_hint) required=needs_command>
            <TextArea value=fields.command_line code=true rows=5/>
        </Field>
        {asks_container.then(|| view! {
            <ContainerField name="containerSettings" label=msg::TASK_CONTAINER hint=container_hint choice=fields.container/>
        })}
        <Field name="environmentSettings" label=msg::TASK_ENVIRONMENT group=true>
            <PairsEditor pairs=fields.environment add=msg::FORM_ADD_VARIABLE/>
        </Field>
        <Field name="resourceFiles" label=msg::SOURCES hint=hint(msg::SOURCES_HINT) group=true><SourceEditor files=fields.resource_files/></Field>
        <Field name="outputFiles" label=msg::OUTPUTS hint=hint(msg::OUTPUTS_HINT) group=true><OutputEditor files=fields.output_files/></Field>
        <Field name="applicationPackageReferences" label=msg::REFERENCES hint=hint(msg::REFERENCES_TASK_HINT) group=true><ReferenceEditor references=fields.packages/></Field>
        <Field name="requiredSlots" label=msg::TASK_SLOTS hint=hint(msg::TASK_SLOTS_HINT) required=true><NumberInput value=fields.slots min=1 max=256/></Field>
        {job.uses_task_dependencies.then(|| view! { <DependencyFields fields/> })}
        {(job.uses_task_dependencies || job.performs_job_actions).then(|| view! {
            <Field name="exitConditions" label=msg::TASK_EXIT_CONDITIONS hint=hint(msg::TASK_EXIT_HINT) group=true>
                <ExitEditor conditions=fields.exit_conditions job/>
            </Field>
        })}
        <RunAsField name="userIdentity" label=msg::RUN_AS choice=fields.run_as/>
        <SeveralNodes fields/>
        <details class="fold">
            <summary>{tx(msg::TASK_MORE)}</summary>
            <Field name="displayName" label=msg::POOL_DISPLAY_NAME><TextInput value=fields.display_name/></Field>
            <Field name="constraints.maxWallClockTime" label=msg::JOB_MAX_WALL_CLOCK hint=hint(msg::TASK_MAX_WALL_CLOCK_HINT)>
                <TextInput value=fields.max_wall_clock code=true placeholder=hint(msg::FORM_LENGTH_EXAMPLE)/>
            </Field>
            <Field name="constraints.maxTaskRetryCount" label=msg::TASK_MAX_RETRIES hint=hint(msg::TASK_MAX_RETRIES_HINT)><NumberInput value=fields.max_retries min=-1/></Field>
            <Field name="constraints.retentionTime" label=msg::TASK_RETENTION hint=hint(msg::TASK_RETENTION_HINT)>
                <TextInput value=fields.retention code=true placeholder=hint(msg::TASK_RETENTION_EXAMPLE)/>
            </Field>
        </details>
    }
}

/// For tasks that run on several nodes at once.
#[component]
fn SeveralNodes(fields: TaskFields) -> impl IntoView {
    let is_open = fields.instances.with_untracked(|n| !n.is_empty());
    view! {
        <details class="fold" prop:open=is_open>
            <summary>{tx(msg::TASK_SEVERAL_NODES)}</summary>
            <p class="form__note">{tx(msg::TASK_SEVERAL_NODES_NOTE)}</p>
            <Field name="multiInstanceSettings.numberOfInstances" label=msg::TASK_INSTANCES hint=hint(msg::TASK_INSTANCES_HINT)>
                <NumberInput value=fields.instances min=1 max=1000/>
            </Field>
            <Field name="multiInstanceSettings.coordinationCommandLine" label=msg::TASK_COORDINATION hint=hint(msg::TASK_COORDINATION_HINT)>
                <TextInput value=fields.coordination code=true/>
            </Field>
        </details>
    }
}

/// What the task waits for.
#[component]
fn DependencyFields(fields: TaskFields) -> impl IntoView {
    let ids_hint = move || {
        let hint =
            if fields.amount.get() == Amount::One { msg::TASK_DEPENDS_HINT } else { msg::TASK_DEPENDS_MANY_HINT };
        Some(t(hint).to_owned())
    };
    view! {
        <Field name="dependsOn.taskIds" label=msg::TASK_DEPENDS_ON hint=Signal::derive(ids_hint)><TextInput value=fields.depends_on code=true/></Field>
        <Field name="dependsOn.taskIdRanges" label=msg::TASK_DEPENDS_RANGES hint=hint(msg::TASK_DEPENDS_RANGES_HINT)>
            <TextInput value=fields.depends_on_ranges code=true/>
        </Field>
    }
}

/// One task, a command line a row, or a range.
#[component]
fn AmountChoice(fields: TaskFields) -> impl IntoView {
    let choice = move |amount: Amount| {
        let (label, effect) = match amount {
            Amount::One => (msg::TASK_ONE, msg::TASK_ONE_HINT),
            Amount::Lines => (msg::TASK_LINES, msg::TASK_LINES_CHOICE_HINT),
            Amount::Range => (msg::TASK_RANGE, msg::TASK_RANGE_CHOICE_HINT),
        };
        let choose = move |_| {
            fields.amount.set(amount);
            // Many tasks need a place for their number; who has typed an id knows better.
            if amount != Amount::One && fields.id.with_untracked(|id| id.trim().is_empty()) {
                fields.id.set(ID_PATTERN.to_owned());
            }
        };
        view! {
            <label class="option">
                <input type="radio" name="amount" prop:checked=move || fields.amount.get() == amount on:change=choose/>
                <span>{move || t(label)}<span class="checkbox__hint">{move || t(effect)}</span></span>
            </label>
        }
    };
    view! {
        <fieldset class="options">
            <legend>{tx(msg::TASK_AMOUNT)}</legend>
            {Amount::ALL.map(choice).collect_view()}
        </fieldset>
    }
}

const ID_PATTERN: &str = "task-{i}";

#[component]
fn RangeFields(fields: TaskFields) -> impl IntoView {
    view! {
        <div class="field-row">
            <Field name="range" label=msg::TASK_RANGE_START required=true><NumberInput value=fields.start min=i32::MIN/></Field>
            <Field name="range.end" label=msg::TASK_RANGE_END required=true><NumberInput value=fields.end min=i32::MIN/></Field>
            <Field name="range.step" label=msg::TASK_RANGE_STEP required=true><NumberInput value=fields.step min=i32::MIN/></Field>
            <Field name="range.digits" label=msg::TASK_RANGE_DIGITS hint=hint(msg::TASK_RANGE_DIGITS_HINT) required=true><NumberInput value=fields.n_digits min=1 max=18/></Field>
        </div>
    }
}

/// The first tasks and the number of all, when there are many.
#[component]
pub fn ManyPreview(plan: Signal<Option<TaskPlan>>) -> impl IntoView {
    let many = Memo::new(move |_| plan.get().filter(TaskPlan::is_many));
    let row = |(id, command): (String, String)| view! { <tr><th scope="row"><code>{id}</code></th><td><code>{command}</code></td></tr> };
    let body = move |plan: TaskPlan| {
        let shown = plan.batch(0, PREVIEWED).into_iter().map(|task| row((task.id, task.command_line))).collect_view();
        let rest = plan.count().saturating_sub(PREVIEWED);
        let last = (rest > 0).then(|| {
            let task = plan.task(plan.count() - 1);
            row((task.id, task.command_line))
        });
        let title = tf(msg::TASKS_PREVIEW, &[("n", &format::number(language(), plan.count() as i64))]);
        view! {
            <div class="simple-table" role="status">
                <table>
                    <caption>{title}</caption>
                    <thead><tr><th scope="col">{t(msg::TASK_ID)}</th><th scope="col">{t(msg::TASK_COMMAND)}</th></tr></thead>
                    <tbody>
                        {shown}
                        {(rest > 1).then(|| view! { <tr aria-hidden="true"><td colspan="2">"…"</td></tr> })}
                        {last}
                    </tbody>
                </table>
            </div>
        }
    };
    move || many.get().map(body)
}

fn hint(message: Msg) -> Signal<Option<String>> {
    Signal::derive(move || Some(t(message).to_owned()))
}
