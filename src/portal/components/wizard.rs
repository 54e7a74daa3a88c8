//! The frame of a form that makes something: steps as tabs, a review at the end, and one button that sends it. All steps
//! stay in the page, so that nothing typed is lost by looking at another one.

use leptos::prelude::*;

use super::button::{Button, ButtonKind};
use super::error_bar::ErrorBar;
use super::field::{FieldErrors, FormErrors, RequiredNote, control_id};
use super::query::use_query_param;
use crate::api;
use crate::portal::i18n::{Msg, msg, t, tx};
use crate::portal::state::browser;

const REVIEW: &str = "review";

/// A step: its name in the URL, its title, the fields that stand on it, and how it looks.
#[derive(Clone)]
pub struct WizardStep {
    key: &'static str,
    label: Msg,
    /// Fields whose errors belong here; names as in `Field`. A name stands for what lies below it, too.
    fields: &'static [&'static str],
    view: ViewFn,
}

impl WizardStep {
    pub fn new<F, V>(key: &'static str, label: Msg, fields: &'static [&'static str], view: F) -> WizardStep
    where
        F: Fn() -> V + Send + Sync + 'static,
        V: IntoView + 'static,
    {
        WizardStep { key, label, fields, view: ViewFn::from(move || view().into_any()) }
    }

    fn has(&self, field: &str) -> bool {
        self.fields
            .iter()
            .any(|name| field == *name || field.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', '['])))
    }
}

#[component]
pub fn Wizard(
    steps: Vec<WizardStep>,
    /// What the form's pure check finds now.
    #[prop(into)]
    errors: Signal<FieldErrors>,
    #[prop(into)] pending: Signal<bool>,
    /// What the server answered to the last attempt.
    #[prop(into)]
    error: Signal<Option<api::Error>>,
    /// «Create»
    #[prop(into)]
    submit: Signal<String>,
    /// Where «Cancel» goes.
    #[prop(into)]
    cancel: Signal<String>,
    /// Why it cannot be sent.
    #[prop(optional, into)]
    refusal: Signal<Option<String>>,
    /// Called only when the check found nothing.
    #[prop(into)]
    on_submit: Callback<()>,
    /// The review: a `Review`.
    #[prop(into)]
    review: ViewFn,
) -> impl IntoView {
    let form = FormErrors::provide(errors, error);
    let param = use_query_param("tab");
    let steps = StoredValue::new(steps);
    let n = steps.with_value(Vec::len);
    let current = Memo::new(move |_| step_of(&param.get(), steps));
    let go =
        move |i: usize| param.push(steps.with_value(|s| if i == 0 { "" } else { s.get(i).map_or(REVIEW, |s| s.key) }));
    let step_with = move |field: &str| steps.with_value(|s| s.iter().position(|step| step.has(field)).unwrap_or(0));
    let lead_to = move |field: String| {
        go(step_with(&field));
        browser::focus_id(&control_id(&field));
    };
    // What the server complains about is shown where it was typed.
    Effect::new(move || {
        if let Some(field) = error.get().and_then(|error| form.field_of(&error)) {
            lead_to(field);
        }
    });
    let is_last = Memo::new(move |_| current.get() == n);
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if !is_last.get_untracked() {
            return go(current.get_untracked() + 1);
        }
        if let Some(field) = form.first_field() {
            form.check();
            return lead_to(field);
        }
        if !pending.get_untracked() && refusal.with_untracked(Option::is_none) {
            on_submit.run(());
        }
    };
    let tab = move |i: usize, key: &'static str, label: Msg| {
        let has_error = move || errors.with(|e| e.first().is_some_and(|e| i < n && step_with(&e.field) == i));
        let follow = move |event: web_sys::MouseEvent| {
            event.prevent_default();
            go(i);
        };
        view! {
            <li>
                <a class="tabs__tab" href=format!("?tab={key}") aria-current=move || (current.get() == i).then_some("step") on:click=follow
                    data-error=move || (is_last.get() && has_error()).then_some("true")>
                    {move || t(label)}
                </a>
            </li>
        }
    };
    let tabs = steps.with_value(|s| s.iter().enumerate().map(|(i, s)| tab(i, s.key, s.label)).collect_view());
    let panels = steps.with_value(|s| {
        s.iter()
            .enumerate()
            .map(|(i, step)| {
                let view = step.view.run();
                view! { <div class="wizard__step" hidden=move || current.get() != i>{view}</div> }
            })
            .collect_view()
    });
    view! {
        <form class="form wizard" on:submit=send novalidate>
            <nav class="tabs" aria-label=move || t(msg::WIZARD_STEPS)>
                <ul class="tabs__list">{tabs}{tab(n, REVIEW, msg::WIZARD_REVIEW)}</ul>
            </nav>
            {move || form.above_form().map(|error| view! { <ErrorBar error/> })}
            <Show when=move || !is_last.get()><RequiredNote/></Show>
            {panels}
            <Show when=move || is_last.get()>
                <div class="wizard__step">
                    <Show when=move || errors.with(|e| !e.is_empty())>
                        <p class="wizard__problem" role="status">{tx(msg::WIZARD_PROBLEMS)}</p>
                    </Show>
                    {review.run()}
                </div>
            </Show>
            <div class="wizard__actions">
                {move || if is_last.get() {
                    view! { <Button label=submit kind=ButtonKind::Primary submit=true pending refusal/> }.into_any()
                } else {
                    view! {
                        <Button label=msg::WIZARD_REVIEW kind=ButtonKind::Primary on_press=move || go(n)/>
                        <Button label=msg::WIZARD_NEXT submit=true/>
                    }.into_any()
                }}
                <Show when=move || current.get() != 0>
                    <Button label=msg::WIZARD_PREVIOUS on_press=move || go(current.get_untracked().saturating_sub(1))/>
                </Show>
                <a class="button button--subtle" href=move || cancel.get()>{tx(msg::CANCEL)}</a>
            </div>
        </form>
    }
}

fn step_of(key: &str, steps: StoredValue<Vec<WizardStep>>) -> usize {
    steps.with_value(|steps| match key {
        REVIEW => steps.len(),
        key => steps.iter().position(|step| step.key == key).unwrap_or(0),
    })
}

/// What is about to be made, a line a setting.
#[component]
pub fn Review(children: Children) -> impl IntoView {
    view! { <dl class="review">{children()}</dl> }
}

#[component]
pub fn ReviewItem(#[prop(into)] label: Signal<String>, #[prop(into)] value: Signal<String>) -> impl IntoView {
    view! {
        <div class="review__item">
            <dt>{move || label.get()}</dt>
            <dd>{move || value.with(|v| if v.is_empty() { t(msg::NONE).to_owned() } else { v.clone() })}</dd>
        </div>
    }
}
