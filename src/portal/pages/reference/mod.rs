//! The reference of the data plane: what programs can call, and the shapes that they send and get. The words about them are
//! those of the program's own documentation and English.

mod operations;
mod shapes;

use leptos::prelude::*;

use crate::api::Reference;
use crate::portal::components::{Icon, Loaded, PageHeader, TextInput, use_query_param};
use crate::portal::i18n::{msg, t, tx};
use crate::portal::reading::use_reading;
use crate::server_fns::reference_get;

#[component]
pub fn ReferencePage() -> impl IntoView {
    let reference = use_reading(|| (), Signal::stored(0), |()| reference_get());
    let search = use_query_param("q");
    let typed = RwSignal::new(search.get_untracked());
    Effect::new(move |was: Option<String>| {
        let now = typed.get();
        if was.is_some_and(|was| was != now) {
            search.replace(&now);
        }
        now
    });
    let search_label = Signal::derive(move || Some(t(msg::REFERENCE_SEARCH).to_owned()));
    view! {
        <PageHeader title=msg::REFERENCE icon=Icon::Info/>
        <p class="lead">{tx(msg::REFERENCE_LEAD)}</p>
        <div class="reference__search" role="search">
            <TextInput value=typed kind="search" placeholder=search_label label=search_label/>
        </div>
        <Loaded reading=reference let:reference><Content reference words=typed/></Loaded>
    }
}

#[component]
fn Content(reference: Signal<Reference>, words: RwSignal<String>) -> impl IntoView {
    let words = Memo::new(move |_| words.with(|words| words.trim().to_lowercase()));
    let found = Memo::new(move |_| reference.with(|all| words.with(|words| find(all, words))));
    view! {
        <div class="section">
            <h2 class="section__title">{tx(msg::REFERENCE_OPERATIONS)}</h2>
            {move || operations::list(found.get().operations)}
        </div>
        <div class="section">
            <h2 class="section__title">{tx(msg::REFERENCE_ECHO)}</h2>
            <p>{tx(msg::REFERENCE_ECHO_LEAD)}</p>
            {move || shapes::echo_only(&found.get().shapes)}
        </div>
        <div class="section">
            <h2 class="section__title">{tx(msg::REFERENCE_SHAPES)}</h2>
            {move || shapes::list(found.get().shapes)}
        </div>
    }
}

/// What has the words in its name, path or properties.
fn find(all: &Reference, words: &str) -> Reference {
    let has = |text: &str| text.to_lowercase().contains(words);
    let operations = all.operations.iter().filter(|o| {
        has(&o.name)
            || has(&o.path)
            || has(&o.about)
            || [&o.takes, &o.gives].into_iter().flatten().any(|name| has(name))
    });
    let shapes = all.shapes.iter().filter(|s| {
        has(&s.name) || s.properties.iter().any(|p| has(&p.name)) || s.values.iter().any(|value| has(value))
    });
    Reference { operations: operations.cloned().collect(), shapes: shapes.cloned().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ReferenceOperation, ReferenceProperty, ReferenceShape};

    #[test]
    fn words_find_operations_by_what_they_name_and_shapes_by_their_properties() {
        let operation = |name: &str, takes: Option<&str>| ReferenceOperation {
            name: name.into(),
            takes: takes.map(str::to_owned),
            ..Default::default()
        };
        let property = ReferenceProperty { name: "commandLine".into(), ..Default::default() };
        let shape = ReferenceShape { name: "TaskCreate".into(), properties: vec![property], ..Default::default() };
        let all = Reference {
            operations: vec![operation("task_create", Some("TaskCreate")), operation("pool_list", None)],
            shapes: vec![shape],
        };
        let check = |words: &str, n_operations: usize, n_shapes: usize| {
            let found = find(&all, words);
            assert_eq!((found.operations.len(), found.shapes.len()), (n_operations, n_shapes), "{words}");
        };
        check("", 2, 1);
        check("taskcreate", 1, 1);
        check("commandline", 0, 1);
        check("pool", 1, 0);
        check("nothing", 0, 0);
    }
}
