//! The first tab of a pool: what it is, how far its allocation is, what its nodes do, and its start task.

use leptos::prelude::*;

use super::auto_scale_section::AutoScaleSection;
use super::graphs::PoolGraphs;
use super::network::RemoteAccess;
use super::page::PoolContext;
use super::remedy::resize_remedy;
use crate::api::{
    self, AllocationState, Code, NodeFillType, NodeState, PoolLifetimeOption, PoolSummary, ResizeError, Waiting,
    WhyWaiting,
};
use crate::portal::components::progress::tone_name;
use crate::portal::components::{
    Copy, Essential, Essentials, Glyph, Icon, Loaded, Progress, Share, Snippet, Time, Tone,
};
use crate::portal::format;
use crate::portal::i18n::{language, msg, t, tf, tx};
use crate::portal::pages::application::References;
use crate::portal::pages::container::{ContainerOfPool, ContainerOfRun};
use crate::portal::pages::mounts::Mounts;
use crate::portal::pages::node::node_state;
use crate::portal::pages::run_as::{UserAccounts, run_as_text};
use crate::portal::pages::transfers::ResourceFiles;
use crate::portal::pages::waiting::{self, Why, use_waiting_tick};
use crate::portal::paths;
use crate::portal::reading::use_reading;
use crate::server_fns::pool_waiting;

#[component]
pub fn PoolOverviewTab() -> impl IntoView {
    let context = expect_context::<PoolContext>();
    view! {
        <Loaded reading=context.reading lines=8 let:pool>
            <ResizeErrors pool/>
            <WhyNoProgress/>
            <PoolEssentials pool/>
            <Allocation pool/>
            <AutoScaleSection pool/>
            <NodeStates pool/>
            <PoolGraphs/>
            <RemoteAccess pool/>
            <ContainerOfPool containers=Signal::derive(move || pool.with(|pool| pool.pool.settings.container_configuration().cloned()))/>
            <StartTaskSettings pool/>
            <Mounts mounts=Signal::derive(move || pool.with(|pool| pool.pool.settings.mount_configuration.clone()).unwrap_or_default())/>
            <UserAccounts accounts=Signal::derive(move || pool.with(|pool| pool.pool.settings.user_accounts.clone()).unwrap_or_default())/>
            <References references=Signal::derive(move || pool.with(|pool| pool.pool.settings.application_package_references.clone()).unwrap_or_default())/>
        </Loaded>
    }
}

/// Why the pool does not become what it is to be, or cannot run the tasks that wait for it.
#[component]
fn WhyNoProgress() -> impl IntoView {
    let context = expect_context::<PoolContext>();
    let reading = use_reading(
        move || context.here.get(),
        use_waiting_tick(Signal::stored(0)),
        |here| async move {
            let here = here.ok_or(Code::PoolNotFound)?;
            let why = pool_waiting(here.account, here.pool).await?;
            // What became of the resize stands above, with its cause.
            Ok(WhyWaiting { waiting: why.waiting.filter(|w| !matches!(w, Waiting::ResizeFailed { .. })), ..why })
        },
    );
    let account = Signal::derive(move || {
        context.here.with(|here| here.as_ref().map(|here| here.account.to_string()).unwrap_or_default())
    });
    view! { <Why title=waiting::NO_PROGRESS reading account job=Signal::stored(String::new())/> }
}

#[component]
fn PoolEssentials(pool: Signal<PoolSummary>) -> impl IntoView {
    let context = expect_context::<PoolContext>();
    let settings = move || pool.with(|pool| pool.pool.settings.clone());
    let id = Signal::derive(move || settings().id);
    let url = Signal::derive(move || pool.with(|pool| pool.pool.url.clone()));
    let fill = move || {
        t(match settings().fill_type() {
            NodeFillType::Spread => msg::POOL_SPREAD,
            NodeFillType::Pack => msg::POOL_PACK,
        })
    };
    let owner = move || {
        let owner = pool.with(|pool| pool.made_for.clone())?;
        let account = context.here.get()?.account;
        let (href, label) = match owner.kind {
            PoolLifetimeOption::Job => (paths::job(&account, &owner.id), msg::POOL_MADE_FOR_JOB),
            PoolLifetimeOption::JobSchedule => (paths::job_schedule(&account, &owner.id), msg::POOL_MADE_FOR_SCHEDULE),
        };
        let link = (!owner.is_left).then(|| view! { <a href=href>{owner.id.clone()}</a> });
        let left =
            owner.is_left.then(|| view! { {owner.id.clone()}<p class="form__note">{tx(msg::POOL_MADE_FOR_LEFT)}</p> });
        Some(view! { <Essential label>{link}{left}</Essential> })
    };
    view! {
        <Essentials>
            {owner}
            <Essential label=msg::POOL_ID>{id}" "<Copy text=id what=msg::POOL_ID/></Essential>
            <Essential label=msg::POOL_DISPLAY_NAME>{move || settings().display_name.unwrap_or_else(|| t(msg::NONE).to_owned())}</Essential>
            <Essential label=msg::POOL_VM_SIZE><code>{move || settings().vm_size}</code></Essential>
            <Essential label=msg::POOL_SLOTS_PER_NODE>{move || settings().slots_per_node()}</Essential>
            <Essential label=msg::POOL_INTER_NODE>
                {move || t(if settings().enable_inter_node_communication == Some(true) { msg::POOL_INTER_NODE_YES } else { msg::POOL_INTER_NODE_NO })}
            </Essential>
            <Essential label=msg::POOL_FILL_TYPE>{fill}</Essential>
            <Essential label=msg::POOL_CREATED><Time at=Signal::derive(move || pool.with(|pool| pool.pool.creation_time))/></Essential>
            <Essential label=msg::POOL_URL><code>{url}</code>" "<Copy text=url what=msg::POOL_URL/></Essential>
        </Essentials>
    }
}

/// Nodes that are there of those that are asked for, and slots that are taken of those that are there.
#[component]
fn Allocation(pool: Signal<PoolSummary>) -> impl IntoView {
    let kind = |of: fn(&api::Pool) -> (i32, Option<i32>)| Signal::derive(move || pool.with(|pool| of(&pool.pool)));
    let dedicated = kind(|pool| (pool.current_dedicated_nodes, pool.settings.target_dedicated_nodes));
    let low_priority = kind(|pool| (pool.current_low_priority_nodes, pool.settings.target_low_priority_nodes));
    let is_resizing = move || pool.with(|pool| pool.pool.allocation_state != AllocationState::Steady);
    let slots = Signal::derive(move || pool.with(|pool| (pool.running_slots, pool.total_slots)));
    let has_low_priority = move || low_priority.get().0 > 0 || low_priority.get().1.is_some_and(|target| target > 0);
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::POOL_ALLOCATION)}</h2>
            <div class="meters">
                <Meter label=Signal::from(msg::POOL_TARGET_DEDICATED) part=Signal::derive(move || dedicated.get().0.into()) whole=Signal::derive(move || dedicated.get().1.unwrap_or_default().into())/>
                <Show when=has_low_priority>
                    <Meter label=Signal::from(msg::POOL_TARGET_LOW_PRIORITY) part=Signal::derive(move || low_priority.get().0.into()) whole=Signal::derive(move || low_priority.get().1.unwrap_or_default().into())/>
                </Show>
                <Meter label=Signal::from(msg::POOL_SLOTS_TAKEN) part=Signal::derive(move || slots.get().0) whole=Signal::derive(move || slots.get().1)/>
            </div>
            <Show when=is_resizing>
                <p class="form__note" role="status">
                    {tx(msg::POOL_RESIZING_SINCE)}" "
                    <Time at=Signal::derive(move || pool.with(|pool| pool.pool.allocation_state_transition_time))/>
                </p>
            </Show>
        </section>
    }
}

#[component]
fn Meter(label: Signal<String>, part: Signal<i64>, whole: Signal<i64>) -> impl IntoView {
    let text = Signal::derive(move || {
        let language = language();
        tf(
            msg::POOL_N_OF,
            &[("n", &format::number(language, part.get())), ("all", &format::number(language, whole.get()))],
        )
    });
    let shares = Signal::derive(move || vec![Share { tone: Tone::Good, n: part.get(), label: text.get() }]);
    view! {
        <div class="meters__item">
            <p class="meters__label"><span>{label}</span><span class="meters__value">{text}</span></p>
            <Progress label shares whole=Signal::derive(move || whole.get().max(part.get())) done=part/>
        </div>
    }
}

/// How many nodes are in each state; each count leads to those nodes.
#[component]
fn NodeStates(pool: Signal<PoolSummary>) -> impl IntoView {
    let context = expect_context::<PoolContext>();
    let counts = Memo::new(move |_| pool.with(|pool| pool.node_counts.clone()));
    let items = move || {
        let (mut counts, language) = (counts.get(), language());
        let here = context.here.get();
        NodeState::ALL
            .iter()
            .filter_map(|state| Some((*state, *counts.of(*state))).filter(|(_, n)| *n > 0))
            .map(|(state, n)| {
                let href = here.as_ref().map(|here| {
                    paths::with_query(paths::nodes(&here.account, &here.pool), &[("state", state.as_str())])
                });
                view! {
                    <li>
                        <a class="counts__item" href=href data-tone=tone_name(node_state::tone(state))>
                            <span class="counts__number">{format::number(language, n)}</span>
                            <span class="counts__label">{t(node_state::label(state))}</span>
                        </a>
                    </li>
                }
            })
            .collect_view()
    };
    let has_nodes = move || counts.with(|counts| counts.total > 0);
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::POOL_NODES)}</h2>
            <Show when=has_nodes fallback=move || view! { <p class="form__note">{tx(msg::POOL_NO_NODES)}</p> }>
                <ul class="counts">{items}</ul>
            </Show>
        </section>
    }
}

#[component]
fn StartTaskSettings(pool: Signal<PoolSummary>) -> impl IntoView {
    let start = Memo::new(move |_| pool.with(|pool| pool.pool.settings.start_task.clone()));
    let body = move || {
        let Some(start) = start.get() else {
            return view! { <p class="form__note">{tx(msg::POOL_NO_START_TASK)}</p> }.into_any();
        };
        let variables = start
            .environment_settings
            .into_iter()
            .flatten()
            .map(|v| view! { <li><code>{v.name}"="{v.value}</code></li> })
            .collect_view();
        let retries = match start.max_task_retry_count.unwrap_or_default() {
            -1 => t(msg::POOL_RETRIES_FOR_EVER).to_owned(),
            n => n.to_string(),
        };
        let files = start.resource_files.unwrap_or_default();
        let run_as = run_as_text(start.user_identity.as_ref());
        view! {
            <Snippet code=start.command_line what=msg::POOL_START_COMMAND/>
            <ResourceFiles files=Signal::stored(files)/>
            <ContainerOfRun settings=Signal::stored(start.container_settings) plain=true/>
            <Essentials>
                <Essential label=msg::RUN_AS>{run_as}</Essential>
                <Essential label=msg::POOL_START_RETRIES>{retries}</Essential>
                <Essential label=msg::POOL_START_WAIT>{t(if start.wait_for_success.unwrap_or(true) { msg::POOL_YES } else { msg::POOL_NO })}</Essential>
                <Essential label=msg::POOL_START_ENVIRONMENT><ul class="plain-list">{variables}</ul></Essential>
            </Essentials>
        }
        .into_any()
    };
    view! { <section class="section"><h2 class="section__title">{tx(msg::POOL_START_TASK)}</h2>{body}</section> }
}

/// Why the last resize fell short, and what helps.
#[component]
fn ResizeErrors(pool: Signal<PoolSummary>) -> impl IntoView {
    let errors = Memo::new(move |_| pool.with(|pool| pool.pool.resize_errors.clone().unwrap_or_default()));
    view! { {move || errors.get().into_iter().map(|error| view! { <ResizeErrorBar error/> }).collect_view()} }
}

#[component]
fn ResizeErrorBar(error: ResizeError) -> impl IntoView {
    let context = expect_context::<PoolContext>();
    let remedy = resize_remedy(&error.code);
    view! {
        <div class="error-bar" role="status">
            <Glyph icon=Icon::Alert/>
            <div class="error-bar__body">
                <p class="error-bar__text">{error.message}</p>
                <p class="error-bar__reason">{tx(remedy)}</p>
                <dl class="error-bar__values">
                    <div class="error-bar__value"><dt>{tx(msg::ERROR_CODE)}</dt><dd><code>{error.code}</code></dd></div>
                    {error.values.into_iter().map(|v| view! { <div class="error-bar__value"><dt>{v.name}</dt><dd>{v.value}</dd></div> }).collect_view()}
                </dl>
                <button type="button" class="button" on:click=move |_| context.open_resize()>{tx(msg::POOL_RESIZE)}</button>
            </div>
        </div>
    }
}
