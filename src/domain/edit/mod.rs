//! The text of a resource, as GET gives it and somebody changed it: which operations bring that about, and what none can.
//!
//! The portal asks while somebody types, so that it can say what will be done before anything is sent.

mod job;
mod job_schedule;
mod pool;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::job::job;
pub use self::job_schedule::job_schedule;
pub use self::pool::pool;
use crate::api::{self, body};

/// Why nothing is sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// It is no such resource.
    Text(api::Error),
    /// These properties cannot become what the text says.
    Refused(Vec<Refused>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub property: String,
    pub why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The service says it, nobody else.
    ReadOnly,
    /// Only who makes the thing says it.
    SaidOnce,
    /// It becomes something else, but does not go.
    DoesNotGo,
    /// Not while the pool has nodes.
    WantsNoNodes,
    /// The pool has to be steady first.
    BeingResized,
    /// With autoscale the formula gives the size.
    FormulaSizes,
    /// Autoscale does not go without.
    FormulaNeeded,
    /// It says nothing while autoscale is off.
    NoAutoScale,
    /// It goes with a new size only.
    NoNewSize,
    /// The job has to be disabled first.
    WantsDisabledJob,
    /// A rule of its own, in the words of the service.
    Rule(String),
}

impl From<api::Error> for Problem {
    fn from(error: api::Error) -> Self {
        Problem::Text(error)
    }
}

/// What a text says of the settings, compared with what is there.
struct Comparison<S> {
    wanted: S,
    refused: Vec<Refused>,
}

impl<S: Serialize + DeserializeOwned> Comparison<S> {
    /// `there` is what GET gives, `settings` the part of it that callers say. What the service says may stand in the text as it
    /// is, or be left out.
    ///
    /// # Errors
    /// Those of a body that is read.
    fn read(there: &impl Serialize, settings: &S, text: &str) -> Result<Self, api::Error> {
        let mut text = body::json(text.as_bytes())?;
        let (there, settings) = (value(there), value(settings));
        let mut refused = Vec::new();
        for (name, now) in there.as_object().into_iter().flatten() {
            if settings.get(name).is_some() {
                continue;
            }
            let found = text.as_object_mut().and_then(|text| text.remove(name));
            if found.is_some_and(|found| !found.is_null() && found != *now) {
                refused.push(Refused { property: name.clone(), why: Why::ReadOnly });
            }
        }
        Ok(Comparison { wanted: body::from_json(&text)?, refused })
    }

    fn refuse(&mut self, property: &str, why: Why) {
        self.refused.push(Refused { property: property.to_owned(), why });
    }

    /// What has to be sent for a property: nothing where it stays, and `absent` where it goes, if that can be said.
    fn new_value<T: Clone + PartialEq>(
        &mut self,
        property: &str,
        now: &Option<T>,
        wanted: &Option<T>,
        absent: Option<T>,
    ) -> Option<T> {
        let or_absent = |value: &Option<T>| value.clone().or_else(|| absent.clone());
        let wanted = or_absent(wanted);
        if or_absent(now) == wanted {
            return None;
        }
        if wanted.is_none() {
            self.refuse(property, Why::DoesNotGo);
        }
        wanted
    }

    fn said_once<T: PartialEq>(&mut self, property: &str, now: &T, wanted: &T) {
        if now != wanted {
            self.refuse(property, Why::SaidOnce);
        }
    }

    fn or<E>(self, edit: E) -> Result<E, Problem> {
        if self.refused.is_empty() { Ok(edit) } else { Err(Problem::Refused(self.refused)) }
    }
}

fn value(shape: &impl Serialize) -> Value {
    // Wire shapes always serialise.
    serde_json::to_value(shape).unwrap_or_default()
}

/// The text with one change, for the tests.
#[cfg(test)]
fn changed(there: &impl Serialize, change: Value) -> String {
    let mut text = value(there);
    for (name, new) in change.as_object().unwrap() {
        text[name] = new.clone();
    }
    text.to_string()
}

#[cfg(test)]
fn refusals<E: std::fmt::Debug>(answer: Result<E, Problem>) -> Vec<(String, Why)> {
    match answer {
        Err(Problem::Refused(refused)) => refused.into_iter().map(|r| (r.property, r.why)).collect(),
        other => panic!("{other:?}"),
    }
}
