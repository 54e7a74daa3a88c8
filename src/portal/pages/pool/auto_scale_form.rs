//! Formula and interval of autoscale, as typed.

use super::formula;
use crate::api::{Duration, Pool, PoolEnableAutoScale};
use crate::domain::auto_scale::{LONGEST_INTERVAL, SHORTEST_INTERVAL, USUAL_INTERVAL};
use crate::portal::components::FieldErrors;
use crate::portal::i18n::msg;
use crate::portal::pages::typed::{self, Problem, form};

form! {
    AutoScaleForm, AutoScaleFields {
        formula: String,
        interval: String,
    }
}

impl Default for AutoScaleForm {
    fn default() -> Self {
        AutoScaleForm { formula: String::new(), interval: USUAL_INTERVAL.to_string() }
    }
}

impl AutoScaleForm {
    /// What the pool has.
    pub fn of(pool: &Pool) -> Self {
        AutoScaleForm {
            formula: pool.settings.auto_scale_formula.clone().unwrap_or_default(),
            interval: pool.settings.auto_scale_evaluation_interval.unwrap_or(USUAL_INTERVAL).to_string(),
        }
    }

    /// Formula and interval.
    pub fn check(&self, errors: &mut FieldErrors) -> PoolEnableAutoScale {
        PoolEnableAutoScale {
            auto_scale_formula: errors.take("autoScaleFormula", formula::read(&self.formula)),
            auto_scale_evaluation_interval: errors
                .take("autoScaleEvaluationInterval", interval(&self.interval))
                .flatten(),
        }
    }

    /// The body of the request.
    ///
    /// # Errors
    /// A sentence for each field that does not fit.
    pub fn to_enable(&self) -> Result<PoolEnableAutoScale, FieldErrors> {
        let mut errors = FieldErrors::default();
        let enable = self.check(&mut errors);
        errors.or(enable)
    }
}

fn interval(text: &str) -> Result<Option<Duration>, Problem> {
    let interval = typed::length(text)?;
    match interval {
        Some(i) if !(SHORTEST_INTERVAL..=LONGEST_INTERVAL).contains(&i) => Err(msg::AUTO_SCALE_INTERVAL_WRONG.into()),
        _ => Ok(interval),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(formula: &str, interval: &str) -> Result<PoolEnableAutoScale, FieldErrors> {
        AutoScaleForm { formula: formula.into(), interval: interval.into() }.to_enable()
    }

    #[test]
    fn formula_and_interval_are_sent() {
        let enable = form("x = 1;", "8m").unwrap();
        assert_eq!(enable.auto_scale_formula.as_deref(), Some("x = 1;"));
        assert_eq!(enable.auto_scale_evaluation_interval, Some(Duration::from_mins(8)));
        assert_eq!(form("x = 1;", "").unwrap().auto_scale_evaluation_interval, None);
    }

    #[test]
    fn errors_stand_at_their_fields() {
        assert!(form("x = ", "15m").unwrap_err().of("autoScaleFormula").is_some());
        assert!(form("", "15m").unwrap_err().of("autoScaleFormula").is_some());
        for wrong in ["4m", "8d", "soon"] {
            assert!(form("x = 1", wrong).unwrap_err().of("autoScaleEvaluationInterval").is_some(), "{wrong}");
        }
    }
}
