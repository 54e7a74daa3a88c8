//! The form of a new pool: basics, nodes, start task, review.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::create_json::PoolFromJson;
use super::create_sizing::{Sizing, SizingReview};
use super::network::{NatPools, NatRow};
use super::pool_form::{PoolFields, PoolForm, START_CONTAINER, max_slots};
use crate::api::{self, AccountCounts, AccountQuotas, NodeFillType, VmSize};
use crate::domain::permission::Permission;
use crate::domain::quota::Use;
use crate::portal::components::{
    Checkbox, Combo, Field, FieldErrors, Icon, Loaded, NumberInput, PageHeader, Review, ReviewItem, Select, TextArea,
    TextInput, Wizard, WizardStep, combo,
};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tf, tn};
use crate::portal::pages::application::{ReferenceEditor, ReferenceRow};
use crate::portal::pages::container::{ContainerChoice, ContainerField, PoolContainers};
use crate::portal::pages::json_form::AsJson;
use crate::portal::pages::making::{Made, Making};
use crate::portal::pages::mounts::MountEditor;
use crate::portal::pages::pairs_editor::PairsEditor;
use crate::portal::pages::quota::{PoolMeter, QuotaMeter};
use crate::portal::pages::refusal;
use crate::portal::pages::run_as::{AccountEditor, RunAsField, run_as_text};
use crate::portal::pages::transfers::SourceEditor;
use crate::portal::paths;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::shell::use_account;
use crate::portal::state::use_session;
use crate::server_fns::{account_get, location_list, pool_create};

/// What the form must know of the account and its location.
#[derive(Clone, Debug, PartialEq)]
pub struct Surroundings {
    account: api::AccountSummary,
    pub sizes: Vec<VmSize>,
}

/// Reads what a form with the settings of a pool must know.
pub fn use_surroundings() -> Reading<Surroundings> {
    let account = use_account();
    use_reading(
        move || account.get(),
        Signal::stored(0),
        |account| async move {
            let account = account_get(account).await?;
            let location = location_list().await?.into_iter().find(|l| l.name == account.account.location);
            Ok(Surroundings { account, sizes: location.map(|l| l.vm_sizes).unwrap_or_default() })
        },
    )
}

#[component]
pub fn PoolCreatePage() -> impl IntoView {
    match use_query_map().with_untracked(AsJson::read) {
        Some(how) => view! { <PoolFromJson how/> }.into_any(),
        None => view! { <PoolFromForm/> }.into_any(),
    }
}

#[component]
fn PoolFromForm() -> impl IntoView {
    let surroundings = use_surroundings();
    view! {
        <PageHeader title=msg::POOL_ADD icon=Icon::Pool/>
        <Loaded reading=surroundings lines=8 let:surroundings><PoolWizard surroundings/></Loaded>
    }
}

#[component]
fn PoolWizard(surroundings: Signal<Surroundings>) -> impl IntoView {
    let (account, session) = (use_account(), use_session());
    let fields = PoolFields::new(first_form(
        &surroundings.get_untracked().sizes,
        use_query_map().with_untracked(|q| q.get("id")),
    ));
    let making = Making::new();
    let checked = Memo::new(move |_| surroundings.with(|s| fields.get().to_create(&s.sizes)));
    let submit = move |()| {
        let Ok(create) = checked.get_untracked() else { return };
        let account = account.get_untracked();
        let made =
            Made { note: tf(msg::POOL_CREATED_NOTE, &[("pool", &create.id)]), page: paths::pool(&account, &create.id) };
        making.send(pool_create(account, create), made);
    };
    let steps = vec![
        WizardStep::new("basics", msg::POOL_STEP_BASICS, &["id", "displayName"], move || view! { <Basics fields/> }),
        WizardStep::new(
            "nodes",
            msg::POOL_NODES,
            &[
                "vmSize",
                "targetDedicatedNodes",
                "targetLowPriorityNodes",
                "autoScaleFormula",
                "autoScaleEvaluationInterval",
                "taskSlotsPerNode",
                "networkConfiguration",
                "virtualMachineConfiguration",
            ],
            move || view! { <PoolNodes fields surroundings/> },
        ),
        WizardStep::new("start", msg::POOL_START_TASK, &["startTask"], move || view! { <PoolStart fields/> }),
        WizardStep::new(
            "packages",
            msg::REFERENCES,
            &["applicationPackageReferences"],
            move || view! { <PoolPackages fields/> },
        ),
        WizardStep::new("users", msg::POOL_USERS_OF_POOL, &["userAccounts"], move || view! { <PoolUsers fields/> }),
        WizardStep::new("mounts", msg::MOUNTS, &["mountConfiguration"], move || view! { <PoolMounts fields/> }),
    ];
    let refusal = Signal::derive(move || refusal::of(session, Permission::PoolWrite, None));
    view! {
        <Wizard
            steps
            errors=Signal::derive(move || checked.get().err().unwrap_or_else(FieldErrors::default))
            pending=making.pending
            error=making.error
            submit=msg::POOL_CREATE
            cancel=Signal::derive(move || paths::pools(account.get()))
            refusal
            on_submit=submit
            review=move || view! { <PoolReview fields/> }
        />
    }
}

/// The form at its beginning: the first size of the location's own, and an id that a link may bring.
pub fn first_form(sizes: &[VmSize], id: Option<String>) -> PoolForm {
    let own = sizes.iter().find(|size| size.native).or(sizes.first());
    PoolForm {
        id: id.unwrap_or_default(),
        vm_size: own.map(|size| size.name.clone()).unwrap_or_default(),
        ..PoolForm::default()
    }
}

#[component]
fn Basics(fields: PoolFields) -> impl IntoView {
    view! {
        <Field name="id" label=msg::POOL_ID hint=hint(msg::FORM_ID_HINT) required=true><TextInput value=fields.id code=true/></Field>
        <Field name="displayName" label=msg::POOL_DISPLAY_NAME><TextInput value=fields.display_name/></Field>
        <PoolMeter/>
    }
}

/// How many nodes of which kind.
#[component]
pub fn PoolNodes(fields: PoolFields, surroundings: Signal<Surroundings>) -> impl IntoView {
    let size = Memo::new(move |_| surroundings.with(|s| fields.get().size(&s.sizes).cloned()));
    let size_text = move || size.get().map(|size| size_note(&size));
    let slots_hint = move || Some(tf(msg::POOL_SLOTS_HINT, &[("max", &max_slots(size.get().as_ref()).to_string())]));
    let suggestions = move || {
        let typed = fields.vm_size.get().to_lowercase();
        // The chosen size suggests all others; what is being typed narrows them.
        let all = size.with(Option::is_some);
        surroundings.with(|s| {
            let fitting = s.sizes.iter().filter(|size| all || size.name.contains(&typed));
            fitting.take(60).map(|size| combo::Suggestion::new(size.name.clone(), size_note(size))).collect::<Vec<_>>()
        })
    };
    let fill_types = || {
        let label = |fill| t(if fill == NodeFillType::Spread { msg::POOL_SPREAD } else { msg::POOL_PACK }).to_owned();
        NodeFillType::ALL.iter().map(|fill| (fill.to_string(), label(*fill))).collect::<Vec<_>>()
    };
    view! {
        <Field name="vmSize" label=msg::POOL_VM_SIZE hint=Signal::derive(size_text) required=true>
            <Combo value=fields.vm_size suggestions=Signal::derive(suggestions)/>
        </Field>
        <Sizing fields quota=move || view! { <Quota fields surroundings/> }/>
        <Field name="taskSlotsPerNode" label=msg::POOL_SLOTS_PER_NODE hint=Signal::derive(slots_hint) required=true>
            <NumberInput value=fields.slots_per_node min=1 max=256/>
        </Field>
        <Checkbox value=fields.inter_node label=msg::POOL_INTER_NODE hint=hint(msg::POOL_INTER_NODE_HINT)/>
        <Field name="taskSchedulingPolicy.nodeFillType" label=msg::POOL_FILL_TYPE>
            <Select value=fields.fill_type options=Signal::derive(fill_types)/>
        </Field>
        <Checkbox value=fields.remote_access label=msg::POOL_REMOTE_ACCESS hint=hint(msg::POOL_REMOTE_ACCESS_HINT)/>
        <NatPools rows=fields.nat_pools/>
        <PoolContainers has_containers=fields.has_containers images=fields.images registries=fields.registries/>
    }
}

/// The cores that the pool asks for, against what the account has left.
#[component]
fn Quota(fields: PoolFields, surroundings: Signal<Surroundings>) -> impl IntoView {
    let usage = move |of: fn(&AccountCounts, &AccountQuotas, i64) -> Use,
                      wanted: fn(&PoolForm, &[VmSize]) -> Option<i64>| {
        Signal::derive(move || {
            surroundings.with(|s| {
                let wanted = wanted(&fields.get(), &s.sizes).unwrap_or_default();
                of(&s.account.counts, &s.account.account.quotas, wanted)
            })
        })
    };
    let asks_low_priority = Memo::new(move |_| fields.get().low_priority.trim() != "0");
    let low_priority = usage(Use::low_priority_cores, PoolForm::low_priority_cores);
    view! {
        <QuotaMeter label=msg::POOL_QUOTA_LABEL usage=usage(Use::dedicated_cores, PoolForm::dedicated_cores) exceeded=msg::POOL_QUOTA_EXCEEDED/>
        <Show when=move || asks_low_priority.get()>
            <QuotaMeter label=msg::QUOTA_LOW_PRIORITY usage=low_priority exceeded=msg::POOL_QUOTA_EXCEEDED/>
        </Show>
    }
}

/// What each node does first.
#[component]
pub fn PoolStart(fields: PoolFields) -> impl IntoView {
    view! {
        <Field name="startTask.commandLine" label=msg::POOL_START_COMMAND hint=hint(msg::POOL_START_COMMAND_HINT)>
            <TextArea value=fields.start_command code=true rows=3/>
        </Field>
        <Show when=move || fields.has_containers.get()>
            <ContainerField name=START_CONTAINER label=msg::START_CONTAINER hint=msg::CONTAINER_HINT_OPTIONAL choice=fields.start_container/>
        </Show>
        <Show when=move || fields.get().has_start_task()>
            <RunAsField name="startTask.userIdentity" label=msg::RUN_AS choice=fields.start_as/>
            <Field name="startTask.environmentSettings" label=msg::POOL_START_ENVIRONMENT group=true>
                <PairsEditor pairs=fields.start_environment add=msg::FORM_ADD_VARIABLE/>
            </Field>
            <Field name="startTask.resourceFiles" label=msg::SOURCES hint=hint(msg::SOURCES_HINT) group=true>
                <SourceEditor files=fields.start_files/>
            </Field>
            <Field name="startTask.maxTaskRetryCount" label=msg::POOL_START_RETRIES hint=hint(msg::FORM_RETRIES_HINT)>
                <NumberInput value=fields.start_retries min=-1/>
            </Field>
            <Checkbox value=fields.start_wait label=msg::POOL_START_WAIT hint=hint(msg::POOL_START_WAIT_HINT)/>
        </Show>
    }
}

/// File systems that its nodes mount.
#[component]
pub fn PoolMounts(fields: PoolFields) -> impl IntoView {
    view! {
        <Field name="mountConfiguration" label=msg::MOUNTS hint=hint(msg::MOUNTS_HINT) group=true>
            <MountEditor mounts=fields.mounts/>
        </Field>
    }
}

/// Users that tasks can run as.
#[component]
pub fn PoolUsers(fields: PoolFields) -> impl IntoView {
    view! {
        <Field name="userAccounts" label=msg::POOL_USERS_OF_POOL hint=hint(msg::POOL_USERS_HINT) group=true>
            <AccountEditor accounts=fields.accounts/>
        </Field>
    }
}

/// What each node has beside its own programs.
#[component]
pub fn PoolPackages(fields: PoolFields) -> impl IntoView {
    view! {
        <Field name="applicationPackageReferences" label=msg::REFERENCES hint=hint(msg::REFERENCES_POOL_HINT) group=true>
            <ReferenceEditor references=fields.packages/>
        </Field>
    }
}

#[component]
fn PoolReview(fields: PoolFields) -> impl IntoView {
    view! {
        <Review>
            <ReviewItem label=msg::POOL_ID value=fields.id/>
            <ReviewItem label=msg::POOL_DISPLAY_NAME value=fields.display_name/>
            <PoolSettingsReview fields/>
        </Review>
    }
}

/// What a review says of a pool's settings, id and name apart.
#[component]
pub fn PoolSettingsReview(fields: PoolFields) -> impl IntoView {
    let text = move |of: fn(&PoolForm) -> String| Signal::derive(move || of(&fields.get()));
    let fill = Signal::derive(move || {
        let is_pack = fields.fill_type.with(|fill| fill == NodeFillType::Pack.as_str());
        t(if is_pack { msg::POOL_PACK } else { msg::POOL_SPREAD }).to_owned()
    });
    let environment = Signal::derive(move || {
        let n = fields.start_environment.with(|rows| rows.iter().filter(|(name, _)| !name.trim().is_empty()).count());
        tn(msg::FORM_VARIABLES_ONE, msg::FORM_VARIABLES_OTHER, n as i64)
    });
    // A URL may hold a signature: the review says how many there are.
    let files = Signal::derive(move || {
        let n = fields.start_files.with(|rows| rows.iter().filter(|row| !row.source.trim().is_empty()).count());
        format::number(language(), n as i64)
    });
    let packages = Signal::derive(move || {
        let one = |row: &ReferenceRow| format!("{} {}", row.application, row.version).trim().to_owned();
        fields
            .packages
            .with(|rows| rows.iter().filter(|row| !row.application.is_empty()).map(one).collect::<Vec<_>>())
            .join(", ")
    });
    let users = Signal::derive(move || {
        let names = fields.accounts.with(|rows| rows.iter().map(|row| row.name.trim().to_owned()).collect::<Vec<_>>());
        names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
    });
    // Sources may hold names only; secrets are none of theirs.
    let mounts = Signal::derive(move || {
        let paths = fields.mounts.with(|rows| rows.iter().map(|row| row.path.trim().to_owned()).collect::<Vec<_>>());
        paths.into_iter().filter(|path| !path.is_empty()).collect::<Vec<_>>().join(", ")
    });
    let start_as = Signal::derive(move || run_as_text(fields.start_as.get().to_identity().ok().flatten().as_ref()));
    let yes_or_no = |flag: RwSignal<bool>| {
        Signal::derive(move || t(if flag.get() { msg::POOL_YES } else { msg::POOL_NO }).to_owned())
    };
    let wait = yes_or_no(fields.start_wait);
    let containers = yes_or_no(fields.has_containers);
    let images =
        Signal::derive(move || fields.images.with(|text| text.split_whitespace().collect::<Vec<_>>().join(", ")));
    let remote = yes_or_no(fields.remote_access);
    let nat_pools = Signal::derive(move || {
        let one = |row: &NatRow| format!("{} {}", row.name.trim(), row.backend.trim());
        fields.nat_pools.with(|rows| rows.iter().map(one).collect::<Vec<_>>()).join(", ")
    });
    view! {
            <ReviewItem label=msg::POOL_VM_SIZE value=text(|form| form.vm_size.clone())/>
            <SizingReview fields/>
            <ReviewItem label=msg::POOL_SLOTS_PER_NODE value=text(|form| form.slots_per_node.clone())/>
            <ReviewItem label=msg::POOL_FILL_TYPE value=fill/>
            <ReviewItem label=msg::POOL_REMOTE_ACCESS value=remote/>
            <ReviewItem label=msg::POOL_NAT_POOLS value=nat_pools/>
            <ReviewItem label=msg::POOL_CONTAINERS value=containers/>
            <Show when=move || fields.has_containers.get()>
                <ReviewItem label=msg::POOL_IMAGES value=images/>
            </Show>
            <ReviewItem label=msg::POOL_START_COMMAND value=text(|form| form.start_command.clone())/>
            <Show when=move || fields.has_containers.get() && fields.start_container.with(ContainerChoice::has_image)>
                <ReviewItem label=msg::START_CONTAINER value=text(|form| form.start_container.image.clone())/>
            </Show>
            <Show when=move || fields.get().has_start_task()>
                <ReviewItem label=msg::RUN_AS value=start_as/>
                <ReviewItem label=msg::POOL_START_ENVIRONMENT value=environment/>
                <ReviewItem label=msg::SOURCES value=files/>
                <ReviewItem label=msg::POOL_START_RETRIES value=text(|form| form.start_retries.clone())/>
                <ReviewItem label=msg::POOL_START_WAIT value=wait/>
            </Show>
            <ReviewItem label=msg::REFERENCES value=packages/>
            <ReviewItem label=msg::POOL_USERS_OF_POOL value=users/>
            <ReviewItem label=msg::MOUNTS value=mounts/>
    }
}

fn size_note(size: &VmSize) -> String {
    let memory = format::bytes(language(), size.memory_mib.max(0) as u64 * 1024 * 1024);
    format!("{}, {memory}", tn(msg::POOL_CORES_ONE, msg::POOL_CORES_OTHER, size.cores))
}

pub(super) fn hint(message: crate::portal::i18n::Msg) -> Signal<Option<String>> {
    Signal::derive(move || Some(t(message).to_owned()))
}
