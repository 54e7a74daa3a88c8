//! Operations: method, path, what it does, what it takes and gives.

use leptos::prelude::*;

use super::shapes::shape_link;
use crate::api::ReferenceOperation;
use crate::portal::i18n::{msg, t, tx};

pub(super) fn list(operations: Vec<ReferenceOperation>) -> impl IntoView {
    let rows = operations.into_iter().map(row).collect_view();
    view! {
        <div class="simple-table simple-table--whole" tabindex="0" role="region" aria-label=move || t(msg::REFERENCE_OPERATIONS)>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{tx(msg::REFERENCE_OPERATION)}</th>
                        <th scope="col">{tx(msg::REFERENCE_ABOUT)}</th>
                        <th scope="col">{tx(msg::REFERENCE_TAKES)}</th>
                        <th scope="col">{tx(msg::REFERENCE_GIVES)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn row(operation: ReferenceOperation) -> impl IntoView {
    let ReferenceOperation { name, method, path, about, query, takes, gives, is_list, status } = operation;
    let query = (!query.is_empty()).then(|| {
        let names = query.join(", ");
        view! { <p class="reference__query"><code>{names}</code></p> }
    });
    let gives = gives.map(|name| {
        let many = is_list.then_some("[]");
        view! { {shape_link(&name)}{many} }
    });
    view! {
        <tr id=format!("operation-{name}")>
            <th scope="row"><code class="reference__path">{method}" "{path}</code></th>
            <td><span lang="en">{about}</span>{query}</td>
            <td>{takes.map(|name| shape_link(&name))}</td>
            <td><code>{status.to_string()}</code>" "{gives}</td>
        </tr>
    }
}
