//! What a task can use of the node: said where it is limited, and warned of where it is not.

use leptos::prelude::*;

use crate::api::agent::{LimitsObstacle, NodeLimits};
use crate::portal::components::{Glyph, Icon, Loaded};
use crate::portal::i18n::{Msg, msg, t, tx};
use crate::portal::pages::route_ids::NodeRef;
use crate::portal::reading::use_reading;
use crate::server_fns::node_limits_get;

/// Read once: it changes with the node's agent only.
#[component]
pub fn Limits(here: NodeRef) -> impl IntoView {
    let never = Signal::derive(|| 0u32);
    let reading = use_reading(
        move || here.clone(),
        never,
        |here| async move { node_limits_get(here.account, here.pool, here.node).await },
    );
    view! {
        <section class="section">
            <h2 class="section__title">{tx(msg::NODE_LIMITS)}</h2>
            <Loaded reading lines=1 let:limits>{move || limits.get().map(statement)}</Loaded>
        </section>
    }
}

fn statement(limits: NodeLimits) -> impl IntoView {
    let what: Vec<&str> = [
        (limits.memory, msg::NODE_LIMITS_MEMORY),
        (limits.processes, msg::NODE_LIMITS_PROCESSES),
        (limits.cpu, msg::NODE_LIMITS_CPU),
    ]
    .into_iter()
    .filter(|(is_limited, _)| *is_limited)
    .map(|(_, what)| t(what))
    .collect();
    let is_any = !what.is_empty();
    view! {
        {is_any.then(|| view! { <p class="form__note">{tx(msg::NODE_LIMITS_ARE)}" "{what.join(", ")}"."</p> })}
        {limits.obstacle.map(|obstacle| {
            let (reason, detail) = reason(obstacle);
            view! {
                <div class="error-bar" role="status">
                    <Glyph icon=Icon::Alert/>
                    <div class="error-bar__body">
                        <p class="error-bar__text">{tx(if is_any { msg::NODE_LIMITS_SOME } else { msg::NODE_LIMITS_NONE })}</p>
                        <p class="error-bar__reason">{tx(reason)}</p>
                        {detail.map(|detail| view! { <p class="error-bar__reason"><code>{detail}</code></p> })}
                    </div>
                </div>
            }
        })}
    }
}

fn reason(obstacle: LimitsObstacle) -> (Msg, Option<String>) {
    match obstacle {
        LimitsObstacle::Off => (msg::NODE_LIMITS_OFF, None),
        LimitsObstacle::NotPermitted { detail } => (msg::NODE_LIMITS_NOT_PERMITTED, Some(detail)),
        LimitsObstacle::NoControllers { detail } => (msg::NODE_LIMITS_NO_CONTROLLERS, Some(detail)),
        LimitsObstacle::ProcessesBeside { detail } => (msg::NODE_LIMITS_PROCESSES_BESIDE, Some(detail)),
    }
}
