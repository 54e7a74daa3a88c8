//! Shapes: properties with their types and what is said of them.

use leptos::prelude::*;

use crate::api::{ReferenceProperty, ReferenceShape};
use crate::portal::i18n::{msg, t, tx};

/// The anchor of a shape in the page.
fn anchor(name: &str) -> String {
    format!("shape-{name}")
}

pub(super) fn shape_link(name: &str) -> impl IntoView + use<> {
    view! { <a href=format!("#{}", anchor(name))><code>{name.to_owned()}</code></a> }
}

pub(super) fn list(shapes: Vec<ReferenceShape>) -> impl IntoView {
    shapes.into_iter().map(shape).collect_view()
}

/// Properties that are stored and have no effect, by shape.
pub(super) fn echo_only(shapes: &[ReferenceShape]) -> impl IntoView + use<> {
    let items = shapes.iter().flat_map(|shape| {
        let names = shape.properties.iter().filter(|p| p.is_echo_only).map(|p| p.name.clone());
        names.map(|name| (shape.name.clone(), name))
    });
    let items =
        items.map(|(shape, name)| view! { <li>{shape_link(&shape)}" · "<code>{name}</code></li> }).collect_view();
    view! { <ul class="reference__echo">{items}</ul> }
}

fn shape(shape: ReferenceShape) -> impl IntoView {
    let ReferenceShape { name, about, properties, values } = shape;
    let values = (!values.is_empty()).then(|| view! { <p><code>{values.join(" · ")}</code></p> });
    let (label, id) = (name.clone(), anchor(&name));
    let table = (!properties.is_empty()).then(|| {
        let rows = properties.into_iter().map(property).collect_view();
        view! {
            <div class="simple-table simple-table--whole" tabindex="0" role="region" aria-label=label>
                <table>
                    <thead>
                        <tr>
                            <th scope="col">{tx(msg::REFERENCE_PROPERTY)}</th>
                            <th scope="col">{tx(msg::REFERENCE_TYPE)}</th>
                            <th scope="col">{tx(msg::REFERENCE_MEANING)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
    });
    view! {
        <article class="reference__shape" id=id>
            <h3><code>{name}</code></h3>
            {(!about.is_empty()).then(|| view! { <p lang="en">{about}</p> })}
            {values}
            {table}
        </article>
    }
}

fn property(property: ReferenceProperty) -> impl IntoView {
    let ReferenceProperty { name, kind, shape, is_required, about, is_echo_only } = property;
    let kind = match shape {
        Some(shape) => view! { <a href=format!("#{}", anchor(&shape))><code>{kind}</code></a> }.into_any(),
        None => view! { <code>{kind}</code> }.into_any(),
    };
    let required =
        is_required.then(|| view! { <span class="reference__note">{move || t(msg::REFERENCE_REQUIRED)}</span> });
    let echo =
        is_echo_only.then(|| view! { <span class="reference__note">{move || t(msg::REFERENCE_NO_EFFECT)}</span> });
    view! {
        <tr>
            <th scope="row"><code>{name}</code>{required}{echo}</th>
            <td>{kind}</td>
            <td lang="en">{about}</td>
        </tr>
    }
}
