//! The panel that turns autoscale on, or changes its formula or interval.

use leptos::prelude::*;

use super::auto_scale_form::{AutoScaleFields, AutoScaleForm};
use super::auto_scale_run::TryFormula;
use super::formula_editor::FormulaEditor;
use crate::api::Pool;
use crate::portal::components::SidePanel;
use crate::portal::i18n::{msg, tf};
use crate::portal::pages::panel_form::PanelForm;
use crate::portal::pages::route_ids::PoolRef;
use crate::server_fns::pool_enable_auto_scale;

#[component]
pub fn AutoScalePanel(open: RwSignal<bool>, here: PoolRef, #[prop(into)] pool: Signal<Pool>) -> impl IntoView {
    let here = StoredValue::new(here);
    let title = move || here.with_value(|here| tf(msg::AUTO_SCALE_TITLE, &[("pool", here.pool.as_str())]));
    view! {
        <SidePanel open title=Signal::derive(title)>
            <PanelBody open here=here.get_value() pool/>
        </SidePanel>
    }
}

#[component]
fn PanelBody(open: RwSignal<bool>, here: PoolRef, pool: Signal<Pool>) -> impl IntoView {
    let fields = AutoScaleFields::new(pool.with_untracked(AutoScaleForm::of));
    let checked = Memo::new(move |_| fields.get().to_enable());
    let is_on = pool.with_untracked(|pool| pool.settings.enable_auto_scale.unwrap_or_default());
    let trial = is_on.then(|| view! { <TryFormula here=here.clone() formula=fields.formula.into()/> });
    let label = if is_on { msg::AUTO_SCALE_CHANGE } else { msg::AUTO_SCALE_ENABLE };
    let name = here.pool.clone();
    let done = Signal::derive(move || tf(msg::AUTO_SCALE_ENABLED, &[("pool", name.as_str())]));
    let send = move |enable| {
        let PoolRef { account, pool } = here.clone();
        pool_enable_auto_scale(account, pool, enable)
    };
    view! {
        <PanelForm open checked send done submit=label>
            <FormulaEditor fields/>
            {trial}
        </PanelForm>
    }
}
