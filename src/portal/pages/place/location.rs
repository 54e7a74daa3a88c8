//! Locations, with the sizes of nodes that each offers.

use leptos::prelude::*;

use crate::api::{Location, VmSize};
use crate::portal::components::{Icon, Loaded, PageHeader};
use crate::portal::format;
use crate::portal::i18n::{language, msg, tx};
use crate::portal::reading::use_reading;
use crate::server_fns::location_list;

#[component]
pub fn LocationListPage() -> impl IntoView {
    let locations = use_reading(|| (), Signal::stored(0), |()| location_list());
    view! {
        <PageHeader title=msg::LOCATIONS icon=Icon::Network/>
        <p class="lead">{tx(msg::LOCATIONS_LEAD)}</p>
        <Loaded reading=locations let:all>
            {move || all.get().into_iter().map(|location| view! { <Sizes location/> }).collect_view()}
        </Loaded>
    }
}

#[component]
fn Sizes(location: Location) -> impl IntoView {
    // The machine's own sizes say what it has; names of Azure's are there so that programs run unchanged.
    let (own, named): (Vec<VmSize>, Vec<VmSize>) = location.vm_sizes.into_iter().partition(|size| size.native);
    let title = format!("{} ({})", location.display_name, location.name);
    view! {
        <h2>{title}</h2>
        <SizeTable sizes=own/>
        <details class="fold"><summary>{tx(msg::LOCATION_NAMED_SIZES)}</summary><SizeTable sizes=named/></details>
    }
}

#[component]
fn SizeTable(sizes: Vec<VmSize>) -> impl IntoView {
    let row = |size: VmSize| {
        view! {
            <tr>
                <th scope="row"><code>{size.name}</code></th>
                <td>{move || format::number(language(), size.cores)}</td>
                <td>{move || format::number(language(), size.memory_mib)}</td>
            </tr>
        }
    };
    view! {
        <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::LOCATION_SIZES)>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{tx(msg::LOCATION_SIZE)}</th>
                        <th scope="col">{tx(msg::LOCATION_CORES)}</th>
                        <th scope="col">{tx(msg::LOCATION_MEMORY)}</th>
                    </tr>
                </thead>
                <tbody>{sizes.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
