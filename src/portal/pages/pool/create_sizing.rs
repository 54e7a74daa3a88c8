//! How a new pool gets its size: a number, or a formula.

use leptos::prelude::*;

use super::auto_scale_form::AutoScaleFields;
use super::create::hint;
use super::formula_editor::FormulaEditor;
use super::pool_form::{AUTO, FIXED, PoolFields, PoolForm};
use super::resize_form::MOST_NODES;
use crate::portal::components::{Field, NumberInput, ReviewItem, Select};
use crate::portal::i18n::{msg, t};

/// The choice, and the fields of what is chosen. `quota` stands below the dedicated nodes.
#[component]
pub fn Sizing(fields: PoolFields, #[prop(into)] quota: ViewFn) -> impl IntoView {
    let is_auto = Memo::new(move |_| fields.sizing.with(|sizing| sizing == AUTO));
    let options = Signal::derive(|| {
        let labels = [(FIXED, msg::AUTO_SCALE_FIXED), (AUTO, msg::AUTO_SCALE_AUTO)];
        labels.map(|(key, label)| (key.to_owned(), t(label).to_owned())).to_vec()
    });
    let editor = move || {
        let fields = AutoScaleFields { formula: fields.formula, interval: fields.interval };
        view! { <FormulaEditor fields/> }
    };
    let quota = StoredValue::new(quota);
    view! {
        <Field name="enableAutoScale" label=msg::AUTO_SCALE_SIZING><Select value=fields.sizing options/></Field>
        <Show when=move || is_auto.get() fallback=move || view! {
            <Field name="targetDedicatedNodes" label=msg::POOL_TARGET_DEDICATED required=true><NumberInput value=fields.dedicated max=MOST_NODES/></Field>
            {quota.get_value().run()}
            <Field name="targetLowPriorityNodes" label=msg::POOL_TARGET_LOW_PRIORITY hint=hint(msg::POOL_LOW_PRIORITY_HINT) required=true>
                <NumberInput value=fields.low_priority max=MOST_NODES/>
            </Field>
        }>
            {editor}
        </Show>
    }
}

#[component]
pub fn SizingReview(fields: PoolFields) -> impl IntoView {
    let is_auto = Memo::new(move |_| fields.sizing.with(|sizing| sizing == AUTO));
    let text = move |of: fn(&PoolForm) -> String| Signal::derive(move || of(&fields.get()));
    view! {
        <Show when=move || is_auto.get() fallback=move || view! {
            <ReviewItem label=msg::POOL_TARGET_DEDICATED value=text(|form| form.dedicated.clone())/>
            <ReviewItem label=msg::POOL_TARGET_LOW_PRIORITY value=text(|form| form.low_priority.clone())/>
        }>
            <ReviewItem label=msg::AUTO_SCALE_FORMULA value=text(|form| form.formula.clone())/>
            <ReviewItem label=msg::AUTO_SCALE_INTERVAL value=text(|form| form.interval.clone())/>
        </Show>
    }
}
