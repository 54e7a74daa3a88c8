//! Resource and output files on the pages of tasks and pools. What may be a signature in a URL is not shown.

use leptos::prelude::*;

use super::output_editor::condition_text;
use super::source_editor::kind_text;
use super::source_rows::source_rows;
use crate::api::{OutputFile, ResourceFile};
use crate::domain::storage::without_query;
use crate::portal::i18n::{msg, t, tx};

/// Nothing where there are none.
#[component]
pub fn ResourceFiles(#[prop(into)] files: Signal<Vec<ResourceFile>>) -> impl IntoView {
    let rows = move || {
        let rows = files.with(|files| source_rows(Some(files)));
        let row = |row: super::SourceRow| {
            let source = without_query(&row.source).to_owned();
            let target = if row.path.is_empty() { ".".to_owned() } else { row.path };
            view! { <tr><th scope="row"><code>{source}</code></th><td>{t(kind_text(row.kind))}</td><td><code>{row.prefix}</code></td><td><code>{target}</code></td><td><code>{row.mode}</code></td></tr> }
        };
        rows.into_iter().map(row).collect_view()
    };
    view! {
        <Show when=move || !files.with(Vec::is_empty)>
            <section class="section">
                <h2 class="section__title">{tx(msg::SOURCES)}</h2>
                <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::SOURCES)>
                    <table>
                        <thead><tr>
                            <th scope="col">{tx(msg::SOURCE)}</th><th scope="col">{tx(msg::SOURCE_KIND_TITLE)}</th><th scope="col">{tx(msg::SOURCE_PREFIX_TITLE)}</th>
                            <th scope="col">{tx(msg::SOURCE_PATH_TITLE)}</th><th scope="col">{tx(msg::SOURCE_MODE_TITLE)}</th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
        </Show>
    }
}

/// Nothing where there are none.
#[component]
pub fn OutputFiles(#[prop(into)] files: Signal<Vec<OutputFile>>) -> impl IntoView {
    let row = |file: OutputFile| {
        let container = file.destination.container;
        let url = container.as_ref().map(|c| without_query(&c.container_url).to_owned()).unwrap_or_default();
        let path = container.and_then(|c| c.path).unwrap_or_default();
        let condition = t(condition_text(file.upload_options.upload_condition));
        view! { <tr><th scope="row"><code>{file.file_pattern}</code></th><td><code>{url}</code></td><td><code>{path}</code></td><td>{condition}</td></tr> }
    };
    let rows = move || files.get().into_iter().map(row).collect_view();
    view! {
        <Show when=move || !files.with(Vec::is_empty)>
            <section class="section">
                <h2 class="section__title">{tx(msg::OUTPUTS)}</h2>
                <div class="simple-table" tabindex="0" role="region" aria-label=tx(msg::OUTPUTS)>
                    <table>
                        <thead><tr>
                            <th scope="col">{tx(msg::OUTPUT_PATTERN_TITLE)}</th><th scope="col">{tx(msg::CONTAINER_KIND)}</th>
                            <th scope="col">{tx(msg::OUTPUT_PATH_TITLE)}</th><th scope="col">{tx(msg::OUTPUT_CONDITION_TITLE)}</th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
        </Show>
    }
}
