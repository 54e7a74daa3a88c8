//! Where the page is, as links to what is above it. Read from the path, so that no page can forget it.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::portal::components::{Glyph, Icon};
use crate::portal::i18n::{Msg, msg, t};
use crate::portal::paths;

/// A step: a word of ours or a name, and where it leads.
#[derive(Clone, Debug, PartialEq)]
struct Crumb {
    label: Label,
    path: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Label {
    Word(Msg),
    Name(String),
}

impl Label {
    fn text(&self) -> String {
        match self {
            Label::Word(message) => t(*message).to_owned(),
            Label::Name(name) => name.clone(),
        }
    }
}

#[component]
pub(super) fn Breadcrumb() -> impl IntoView {
    let path = use_location().pathname;
    let crumbs = Memo::new(move |_| path.with(|path| crumbs(path)));
    let items = move || {
        let crumbs = crumbs.get();
        let last = crumbs.len().saturating_sub(1);
        crumbs
            .into_iter()
            .enumerate()
            .map(|(i, crumb)| {
                let label = crumb.label.clone();
                let text = move || label.text();
                if i == last {
                    view! { <li><span aria-current="page">{text}</span></li> }.into_any()
                } else {
                    view! { <li><a href=crumb.path>{text}</a><Glyph icon=Icon::ChevronRight/></li> }.into_any()
                }
            })
            .collect_view()
    };
    view! {
        <Show when=move || crumbs.with(|c| c.len() > 1)>
            <nav class="breadcrumb" aria-label=move || t(msg::BREADCRUMB)><ol>{items}</ol></nav>
        </Show>
    }
}

/// The steps that lead to a path. Segments stand alternately for lists and names; the rest behind `files` is one name.
fn crumbs(path: &str) -> Vec<Crumb> {
    let mut out = vec![Crumb { label: Label::Word(msg::HOME), path: paths::home() }];
    let mut here = String::new();
    let mut segments = path.split('/').filter(|s| !s.is_empty());
    let mut expects_name = false;
    while let Some(segment) = segments.next() {
        let above = here.clone();
        here = format!("{here}/{segment}");
        if segment == "containers" && !expects_name {
            // No page of its own: the account's shows them.
            expects_name = true;
            continue;
        }
        let label = match word(segment).filter(|_| !expects_name || segment == "new") {
            Some(word) => Label::Word(word),
            None => Label::Name(paths::decode(segment)),
        };
        // Subscription and group are both names.
        let is_subscription = above == paths::subscriptions();
        expects_name = is_subscription
            || matches!(
                segment,
                "accounts"
                    | "users"
                    | "storage-accounts"
                    | "places"
                    | "pools"
                    | "nodes"
                    | "jobs"
                    | "jobschedules"
                    | "tasks"
                    | "applications"
                    | "webhooks"
            ) && !expects_name;
        if segment == "blobs" {
            let name: Vec<_> = segments.by_ref().map(paths::decode).collect();
            out.push(Crumb { label: Label::Name(name.join("/")), path: here.clone() });
        } else if segment == "files" {
            // Those of a task are a tab of its page, those of a node a page.
            let is_of_node = above.contains("/nodes/");
            out.push(Crumb { label, path: if is_of_node { here.clone() } else { paths::tab(above, "files") } });
            let name: Vec<_> = segments.by_ref().map(paths::decode).collect();
            if !name.is_empty() {
                out.push(Crumb { label: Label::Name(name.join("/")), path: here.clone() });
            }
        } else {
            out.push(Crumb { label, path: here.clone() });
        }
    }
    out
}

fn word(segment: &str) -> Option<Msg> {
    Some(match segment {
        "accounts" => msg::ACCOUNTS,
        "applications" => msg::APPLICATIONS,
        "storage-accounts" => msg::STORES,
        "locations" => msg::LOCATIONS,
        "places" => msg::SUBSCRIPTIONS,
        "storage" => msg::STORAGE,
        "activity" => msg::ACTIVITY,
        "events" => msg::EVENTS,
        "webhooks" => msg::HOOKS,
        "access" => msg::ACCESS_CONTROL,
        "quotas" => msg::QUOTAS,
        "reference" => msg::REFERENCE,
        "settings" => msg::SETTINGS,
        "users" => msg::USERS,
        "tokens" => msg::TOKENS,
        "device" => msg::DEVICE_TITLE,
        "properties" => msg::PROPERTIES,
        "networking" => msg::NETWORKING,
        "tags" => msg::TAGS,
        "keys" => msg::KEYS,
        "pools" => msg::POOLS,
        "nodes" => msg::NODES,
        "jobs" => msg::JOBS,
        "jobschedules" => msg::JOB_SCHEDULES,
        "tasks" => msg::TASKS,
        "files" => msg::FILES,
        "new" => msg::NEW,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_words_and_names() {
        let check = |path: &str, expected: &[(&str, &str)]| {
            let found: Vec<_> = crumbs(path).into_iter().skip(1).map(|c| (c.label.text(), c.path)).collect();
            let expected: Vec<_> = expected.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
            assert_eq!(found, expected, "{path}");
        };
        check("/", &[]);
        check(
            "/accounts/a1b/applications/tags",
            &[
                ("Accounts", "/accounts"),
                ("a1b", "/accounts/a1b"),
                ("Applications", "/accounts/a1b/applications"),
                ("tags", "/accounts/a1b/applications/tags"),
            ],
        );
        check("/accounts/new", &[("Accounts", "/accounts"), ("New", "/accounts/new")]);
        check(
            "/accounts/keys/keys",
            &[("Accounts", "/accounts"), ("keys", "/accounts/keys"), ("Keys", "/accounts/keys/keys")],
        );
        check(
            "/accounts/a1b/jobschedules/jobs/jobs",
            &[
                ("Accounts", "/accounts"),
                ("a1b", "/accounts/a1b"),
                ("Job schedules", "/accounts/a1b/jobschedules"),
                ("jobs", "/accounts/a1b/jobschedules/jobs"),
                ("Jobs", "/accounts/a1b/jobschedules/jobs/jobs"),
            ],
        );
        check(
            "/storage-accounts/fournil/containers/pools/blobs/a/b%20c",
            &[
                ("Storage accounts", "/storage-accounts"),
                ("fournil", "/storage-accounts/fournil"),
                ("pools", "/storage-accounts/fournil/containers/pools"),
                ("a/b c", "/storage-accounts/fournil/containers/pools/blobs"),
            ],
        );
        check("/places/s1/pools", &[("Subscriptions", "/places"), ("s1", "/places/s1"), ("pools", "/places/s1/pools")]);
        check(
            "/accounts/a1b/jobs/s%3Ajob-1",
            &[
                ("Accounts", "/accounts"),
                ("a1b", "/accounts/a1b"),
                ("Jobs", "/accounts/a1b/jobs"),
                ("s:job-1", "/accounts/a1b/jobs/s%3Ajob-1"),
            ],
        );
        check(
            "/accounts/a1b/jobs/j/tasks/%6Eew/files/wd/a%20b",
            &[
                ("Accounts", "/accounts"),
                ("a1b", "/accounts/a1b"),
                ("Jobs", "/accounts/a1b/jobs"),
                ("j", "/accounts/a1b/jobs/j"),
                ("Tasks", "/accounts/a1b/jobs/j/tasks"),
                ("new", "/accounts/a1b/jobs/j/tasks/%6Eew"),
                ("Files", "/accounts/a1b/jobs/j/tasks/%6Eew?tab=files"),
                ("wd/a b", "/accounts/a1b/jobs/j/tasks/%6Eew/files"),
            ],
        );
    }
}
