//! The panel that gives a pool a new size.

use leptos::prelude::*;

use super::resize_form::{MOST_NODES, ResizeFields, ResizeForm};
use crate::api::{NodeDeallocationOption, Pool};
use crate::portal::components::{Field, NumberInput, Select, SidePanel};
use crate::portal::i18n::{Msg, msg, t, tf, tn};
use crate::portal::pages::panel_form::PanelForm;
use crate::portal::pages::route_ids::PoolRef;
use crate::server_fns::pool_resize;

#[component]
pub fn ResizePanel(open: RwSignal<bool>, here: PoolRef, #[prop(into)] pool: Signal<Pool>) -> impl IntoView {
    let here = StoredValue::new(here);
    let title = move || here.with_value(|here| tf(msg::POOL_RESIZE_TITLE, &[("pool", here.pool.as_str())]));
    view! {
        <SidePanel open title=Signal::derive(title)>
            <ResizeBody open here=here.get_value() pool/>
        </SidePanel>
    }
}

#[component]
fn ResizeBody(open: RwSignal<bool>, here: PoolRef, pool: Signal<Pool>) -> impl IntoView {
    let fields = ResizeFields::new(pool.with_untracked(ResizeForm::of));
    let checked = Memo::new(move |_| fields.get().to_resize());
    let n_leaving = Memo::new(move |_| pool.with(|pool| fields.get().n_leaving(pool)));
    let name = here.pool.clone();
    let done = Signal::derive(move || tf(msg::POOL_RESIZE_BEGUN, &[("pool", name.as_str())]));
    let send = move |resize| {
        let PoolRef { account, pool } = here.clone();
        pool_resize(account, pool, resize)
    };
    let options = Signal::derive(|| {
        NodeDeallocationOption::ALL
            .iter()
            .map(|option| (option.to_string(), t(deallocation_label(*option)).to_owned()))
            .collect::<Vec<_>>()
    });
    let effect = Signal::derive(move || {
        Some(t(fields.deallocation.get().parse().map_or(msg::POOL_REQUEUE_EFFECT, deallocation_effect)).to_owned())
    });
    view! {
        <PanelForm open checked send done submit=msg::POOL_RESIZE>
            <Field name="targetDedicatedNodes" label=msg::POOL_TARGET_DEDICATED hint=Signal::derive(move || Some(now_text(pool.with(|pool| pool.current_dedicated_nodes)))) required=true>
                <NumberInput value=fields.dedicated max=MOST_NODES/>
            </Field>
            <Field name="targetLowPriorityNodes" label=msg::POOL_TARGET_LOW_PRIORITY hint=Signal::derive(move || Some(now_text(pool.with(|pool| pool.current_low_priority_nodes)))) required=true>
                <NumberInput value=fields.low_priority max=MOST_NODES/>
            </Field>
            <Show when=move || n_leaving.get() != 0>
                <p class="form__note" role="status">{move || tn(msg::POOL_LEAVING_ONE, msg::POOL_LEAVING_OTHER, n_leaving.get().into())}</p>
                <Field name="nodeDeallocationOption" label=msg::POOL_DEALLOCATION hint=effect>
                    <Select value=fields.deallocation options/>
                </Field>
            </Show>
        </PanelForm>
    }
}

fn now_text(n_nodes: i32) -> String {
    tn(msg::POOL_NOW_ONE, msg::POOL_NOW_OTHER, n_nodes.into())
}

const fn deallocation_label(option: NodeDeallocationOption) -> Msg {
    match option {
        NodeDeallocationOption::Requeue => msg::POOL_REQUEUE,
        NodeDeallocationOption::RetainedData => msg::POOL_RETAINED_DATA,
        NodeDeallocationOption::Terminate => msg::POOL_TERMINATE,
        NodeDeallocationOption::TaskCompletion => msg::POOL_TASK_COMPLETION,
    }
}

const fn deallocation_effect(option: NodeDeallocationOption) -> Msg {
    match option {
        NodeDeallocationOption::Requeue => msg::POOL_REQUEUE_EFFECT,
        NodeDeallocationOption::RetainedData => msg::POOL_RETAINED_DATA_EFFECT,
        NodeDeallocationOption::Terminate => msg::POOL_TERMINATE_EFFECT,
        NodeDeallocationOption::TaskCompletion => msg::POOL_TASK_COMPLETION_EFFECT,
    }
}
