//! The panel that turns autoscale on, or changes its formula or interval.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::auto_scale_form::{AutoScaleFields, AutoScaleForm};
use super::auto_scale_run::TryFormula;
use super::formula_editor::FormulaEditor;
use crate::api::{self, Pool};
use crate::portal::components::{Button, ButtonKind, ErrorBar, FieldErrors, FormErrors, SidePanel};
use crate::portal::i18n::{msg, tf};
use crate::portal::pages::route_ids::PoolRef;
use crate::portal::state::{use_notifications, use_session};
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
    let (session, notifications) = (use_session(), use_notifications());
    let fields = AutoScaleFields::new(pool.with_untracked(AutoScaleForm::of));
    let (pending, error) = (RwSignal::new(false), RwSignal::new(None::<api::Error>));
    let checked = Memo::new(move |_| fields.get().to_enable());
    let local = Signal::derive(move || checked.get().err().unwrap_or_else(FieldErrors::default));
    let form = FormErrors::provide(local, error.into());
    let is_on = pool.with_untracked(|pool| pool.settings.enable_auto_scale.unwrap_or_default());
    let trial = is_on.then(|| view! { <TryFormula here=here.clone() formula=fields.formula.into()/> });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Ok(enable) = checked.get_untracked() else {
            form.check();
            return;
        };
        let here = here.clone();
        pending.set(true);
        spawn_local(async move {
            let answer = pool_enable_auto_scale(here.account, here.pool.clone(), enable).await;
            pending.try_set(false);
            match answer {
                Ok(()) => {
                    notifications.done(tf(msg::AUTO_SCALE_ENABLED, &[("pool", here.pool.as_str())]));
                    open.try_set(false);
                }
                Err(refused) => {
                    session.observe(&refused);
                    error.try_set(Some(refused));
                }
            }
        });
    };
    view! {
        <form class="form" on:submit=submit novalidate>
            {move || form.above_form().map(|error| view! { <ErrorBar error/> })}
            <FormulaEditor fields/>
            {trial}
            <div class="dialog__actions">
                <Button label=if is_on { msg::AUTO_SCALE_CHANGE } else { msg::AUTO_SCALE_ENABLE } kind=ButtonKind::Primary submit=true pending/>
                <Button label=msg::CANCEL on_press=move || open.set(false)/>
            </div>
        </form>
    }
}
