//! Where a formula is written: it is read while it is typed, by the same code as on the server.

use leptos::prelude::*;

use super::auto_scale_form::AutoScaleFields;
use super::formula::{self, READY};
use crate::portal::components::{Button, Field, TextArea, TextInput};
use crate::portal::i18n::{msg, t};

#[component]
pub fn FormulaEditor(fields: AutoScaleFields) -> impl IntoView {
    let mistake = Signal::derive(move || fields.formula.with(|text| formula::mistake(text)));
    let hint = |message| Signal::derive(move || Some(t(message).to_owned()));
    let ready = READY.iter().map(move |ready| {
        view! { <Button label=ready.label on_press=move || fields.formula.set(ready.text.to_owned())/> }
    });
    view! {
        <Field name="autoScaleReady" label=msg::AUTO_SCALE_READY hint=hint(msg::AUTO_SCALE_READY_HINT) group=true>
            {ready.collect_view()}
        </Field>
        <Field name="autoScaleFormula" label=msg::AUTO_SCALE_FORMULA hint=hint(msg::AUTO_SCALE_FORMULA_HINT) error=mistake required=true>
            <TextArea value=fields.formula code=true rows=10/>
        </Field>
        <Field name="autoScaleEvaluationInterval" label=msg::AUTO_SCALE_INTERVAL hint=hint(msg::AUTO_SCALE_INTERVAL_HINT)>
            <TextInput value=fields.interval/>
        </Field>
    }
}
