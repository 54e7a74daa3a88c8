//! One pool: its header, commands and tabs. The tabs are pages of their own below this one.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_navigate;

use super::auto_scale_panel::AutoScalePanel;
use super::pool_commands::{PoolFacts, PoolPanels, pool_commands};
use super::pool_state::{self, PoolStateBadge};
use super::resize_panel::ResizePanel;
use crate::api::{Changed, Code, PoolSummary};
use crate::portal::components::panel_query::panel_open;
use crate::portal::components::{CommandBar, Icon, PageHeader, QueryParam, use_query_param};
use crate::portal::i18n::{msg, t};
use crate::portal::pages::path_tabs::PathTabs;
use crate::portal::pages::route_ids::{PoolRef, use_pool_ref};
use crate::portal::paths;
use crate::portal::reading::{Reading, use_reading};
use crate::portal::state::use_changes;
use crate::server_fns::pool_get;

/// What the tabs share with the page.
#[derive(Clone, Copy)]
pub struct PoolContext {
    pub here: Memo<Option<PoolRef>>,
    pub reading: Reading<PoolSummary>,
    /// `resize` or `autoscale` while that panel is open.
    panel: QueryParam,
}

impl PoolContext {
    pub fn open_resize(self) {
        self.panel.push("resize");
    }

    pub fn open_auto_scale(self) {
        self.panel.push("autoscale");
    }

    fn panel_open(self, name: &'static str, has_data: Memo<bool>) -> RwSignal<bool> {
        panel_open(self.panel, name, has_data)
    }
}

#[component]
pub fn PoolPage() -> impl IntoView {
    let here = use_pool_ref();
    let tick =
        use_changes(move |change| here.with_untracked(|here| here.as_ref().is_some_and(|here| concerns(change, here))));
    let reading = use_reading(
        move || here.get(),
        tick,
        |here| async move {
            let here = here.ok_or(Code::PoolNotFound)?;
            pool_get(here.account, here.pool).await
        },
    );
    let context = PoolContext { here, reading, panel: use_query_param("panel") };
    provide_context(context);
    let id = Signal::derive(move || here.get().map(|here| here.pool.to_string()).unwrap_or_default());
    view! {
        <PageHeader title=id kind=Signal::derive(|| Some(t(msg::POOL_KIND).to_owned())) icon=Icon::Pool>
            <Show when=move || reading.with(|pool| pool.is_some())>
                <PoolStateBadge look=Signal::derive(move || reading.with(|pool| pool.map_or((Default::default(), msg::POOL_STATE_STEADY), |pool| pool_state::look(&pool.pool))))/>
            </Show>
        </PageHeader>
        {move || here.get().map(|here| view! { <PoolCommands here/> <PoolTabs/> })}
        <Outlet/>
    }
}

/// Whether a change is about this pool.
pub fn concerns(change: &crate::api::Change, here: &PoolRef) -> bool {
    change.account == here.account.as_str()
        && matches!(&change.what, Changed::Pool { pool } if pool == here.pool.as_str())
}

#[component]
fn PoolCommands(here: PoolRef) -> impl IntoView {
    let context = expect_context::<PoolContext>();
    let has_data = Memo::new(move |_| context.reading.with(|pool| pool.is_some()));
    let navigate = use_navigate();
    let list = paths::pools(&here.account);
    let deleted = Callback::new(move |()| navigate(&list, NavigateOptions::default()));
    let panels = PoolPanels {
        resize: Callback::new(move |()| context.open_resize()),
        auto_scale: Callback::new(move |()| context.open_auto_scale()),
    };
    let facts = Memo::new(move |last: Option<&PoolFacts>| {
        context.reading.with(|pool| pool.map(PoolFacts::of)).or(last.copied()).unwrap_or(PoolFacts::UNKNOWN)
    });
    let (resize_open, scale_open) = (context.panel_open("resize", has_data), context.panel_open("autoscale", has_data));
    let commands = StoredValue::new(pool_commands(here.clone(), facts.into(), panels, deleted));
    let pool = Memo::new(move |last: Option<&Option<crate::api::Pool>>| {
        context.reading.with(|pool| pool.map(|pool| pool.pool.clone())).or_else(|| last.cloned().flatten())
    });
    let known = Signal::derive(move || pool.get().expect("shown when there is a pool"));
    view! {
        <Show when=move || has_data.get()>
            <CommandBar commands=commands.get_value()/>
            <ResizePanel open=resize_open here=here.clone() pool=known/>
            <AutoScalePanel open=scale_open here=here.clone() pool=known/>
        </Show>
    }
}

#[component]
fn PoolTabs() -> impl IntoView {
    let context = expect_context::<PoolContext>();
    let tabs = Signal::derive(move || {
        let Some(here) = context.here.get() else { return Vec::new() };
        vec![
            (msg::POOL_OVERVIEW, paths::pool(&here.account, &here.pool)),
            (msg::POOL_NODES, paths::nodes(&here.account, &here.pool)),
            (msg::POOL_PROPERTIES, paths::pool_properties(&here.account, &here.pool)),
        ]
    });
    view! { <PathTabs label=msg::POOL_KIND tabs/> }
}
