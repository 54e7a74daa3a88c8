//! What is wanted of single nodes.

use crate::api::{Duration, Error, NodePreempt};

/// How long a node is away unless said. Chosen here.
pub const AWAY: Duration = Duration::from_secs(60);
const LONGEST_AWAY: Duration = Duration::from_days(1);

/// How long a node is taken away.
///
/// # Errors
/// `InvalidPropertyValue` where it is longer than a day, or negative.
pub fn node_preempt(preempt: &NodePreempt) -> Result<Duration, Error> {
    let away = preempt.away.unwrap_or(AWAY);
    if !(0..=LONGEST_AWAY.micros()).contains(&away.micros()) {
        return Err(Error::invalid_property("away", away.to_string(), "from PT0S to P1D"));
    }
    Ok(away)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Code;

    #[test]
    fn a_node_is_away_for_a_day_at_most() {
        let check = |away: Option<Duration>| node_preempt(&NodePreempt { away }).map_err(|error| error.code);
        assert_eq!(check(None), Ok(AWAY));
        assert_eq!(check(Some(Duration(0))), Ok(Duration(0)));
        assert_eq!(check(Some(Duration::from_days(1))), Ok(Duration::from_days(1)));
        assert_eq!(check(Some(Duration::from_secs(86_401))), Err(Code::InvalidPropertyValue));
        assert_eq!(check(Some(Duration(-1))), Err(Code::InvalidPropertyValue));
    }
}
