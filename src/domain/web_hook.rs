//! Rules of web hooks: what can be one, where it may lead, when a failed delivery is tried again, and when a hook is given up.

use std::net::IpAddr;
use std::sync::LazyLock;

use crate::api::{self, AddressRange, Duration, Timestamp, WebHookSettings};
use crate::domain::ids::JobId;

/// Chosen here, so that a mistake in a program fills nothing.
pub const MOST_HOOKS: i64 = 20;
const LONGEST_URL: usize = 2048;

/// The pause after the first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(120);
/// After this a delivery is given up.
const TRIED_FOR: Duration = Duration::from_days(1);
/// A hook that has failed for so long switches itself off.
const FAILS_FOR: Duration = Duration::from_days(3);

/// Where no request goes unless the operator allows it: this machine, its networks, and what no server on the internet has.
static INNER: LazyLock<Vec<AddressRange>> = LazyLock::new(|| {
    [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4", "::/127", "fc00::/7", "fe80::/10",
        "fec0::/10", "ff00::/8",
    ]
    .iter()
    .filter_map(|range| range.parse().ok())
    .collect()
});

/// The ranges that are closed.
pub fn inner() -> &'static [AddressRange] {
    &INNER
}

/// Whether a request may go to the address.
pub fn may_go_to(address: IpAddr, allowed: &[AddressRange]) -> bool {
    let is_in = |ranges: &[AddressRange]| ranges.iter().any(|range| range.contains(address));
    !is_in(&INNER) || is_in(allowed)
}

/// Refuses what cannot be a web hook. Names of hosts are looked at when something is sent.
///
/// # Errors
/// `InvalidPropertyValue` that names the property.
pub fn check(hook: &WebHookSettings, allowed: &[AddressRange]) -> Result<(), api::Error> {
    let wrong = |name: &str, value: &str, reason: &str| Err(api::Error::invalid_property(name, value, reason));
    if hook.id.parse::<JobId>().is_err() || hook.id.contains(':') {
        return wrong("id", &hook.id, "1 to 64 letters, digits, hyphens and underscores.");
    }
    if hook.url.len() > LONGEST_URL || hook.url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return wrong("url", "", "It is too long, or has blanks in it.");
    }
    let Some(host) = host(&hook.url) else {
        return wrong("url", "", "It begins with http:// or https://, and has no user name in it.");
    };
    if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| !may_go_to(address, allowed)) {
        return wrong("url", host, "The operator does not allow requests to this address (--web-hook-allow).");
    }
    if hook.event_types.is_empty() {
        return wrong("eventTypes", "", "At least one type of event.");
    }
    if hook.job_id_prefix.len() > 64 {
        return wrong("jobIdPrefix", &hook.job_id_prefix, "At most 64 characters.");
    }
    Ok(())
}

/// The host that a URL names, without its port.
fn host(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => &authority[..v6.find(']')? + 2],
        None => authority.split(':').next().unwrap_or_default(),
    };
    (is_web && !authority.contains('@') && !host.is_empty()).then_some(host)
}

/// When a delivery that has failed so often is tried again; nothing when it is given up. `chance` is any number: it keeps deliveries
/// that failed together from coming together again.
pub fn next_try(tries: i64, queued: Timestamp, now: Timestamp, chance: u64) -> Option<Timestamp> {
    let doublings = u32::try_from(tries.clamp(1, 30) - 1).unwrap_or(0);
    let pause = FIRST_PAUSE.0.saturating_mul(1 << doublings).min(LONGEST_PAUSE.0);
    // From three quarters to five quarters of it.
    let jitter = i64::try_from(chance % 1000).unwrap_or(0) * pause / 2000;
    let next = now.plus(Duration(pause * 3 / 4 + jitter));
    (next.since(queued) < TRIED_FOR).then_some(next)
}

/// Whether a hook that fails since then is switched off now.
pub fn is_given_up(failing_since: Timestamp, now: Timestamp) -> bool {
    now.since(failing_since) >= FAILS_FOR
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ServiceEventType;
    use proptest::prelude::*;

    fn hook(url: &str) -> WebHookSettings {
        WebHookSettings {
            id: "h".into(),
            url: url.into(),
            event_types: vec![ServiceEventType::TaskFail],
            ..Default::default()
        }
    }

    #[test]
    fn requests_go_to_the_internet_and_where_the_operator_allows() {
        let home: AddressRange = "192.168.1.0/24".parse().unwrap();
        let go = |address: &str| may_go_to(address.parse().unwrap(), &[home]);
        for open in ["8.8.8.8", "2606:4700::1", "192.168.1.7", "::ffff:192.168.1.7"] {
            assert!(go(open), "{open}");
        }
        for closed in [
            "127.0.0.1", "0.0.0.0", "10.1.2.3", "172.31.0.1", "192.168.2.1", "169.254.169.254", "100.100.100.200",
            "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
        ] {
            assert!(!go(closed), "{closed}");
        }
    }

    #[test]
    fn what_can_be_no_hook_is_refused_by_its_property() {
        let name = |hook: &WebHookSettings| {
            check(hook, &[]).err().and_then(|e| e.value("PropertyName").map(str::to_owned)).unwrap_or_default()
        };
        for good in ["https://example.org/a?b=c", "http://example.org:8080", "HTTPS://h/", "http://[2606:4700::1]/"] {
            assert_eq!(name(&hook(good)), "", "{good}");
        }
        for bad in [
            "",
            "example.org",
            "ftp://h/",
            "http://",
            "http://u:p@h/",
            "http://h/a b",
            "http://127.0.0.1/",
            "http://[::1]:80/",
            "http://169.254.169.254/latest",
            "file:///etc/passwd",
        ] {
            assert_eq!(name(&hook(bad)), "url", "{bad}");
        }
        assert_eq!(name(&WebHookSettings { id: "a/b".into(), ..hook("http://h") }), "id");
        assert_eq!(name(&WebHookSettings { event_types: Vec::new(), ..hook("http://h") }), "eventTypes");
    }

    proptest! {
        #[test]
        fn pauses_grow_and_end_after_a_day(tries in 1i64..40, chance: u64, age in 0i64..100_000) {
            let (queued, now) = (Timestamp::from_secs(0), Timestamp::from_secs(age));
            match next_try(tries, queued, now, chance) {
                Some(next) => {
                    let pause = next.since(now).0;
                    prop_assert!((FIRST_PAUSE.0 * 3 / 4..=LONGEST_PAUSE.0 * 5 / 4).contains(&pause));
                    prop_assert!(next.since(queued) < TRIED_FOR);
                }
                None => prop_assert!(now.plus(Duration(LONGEST_PAUSE.0 * 5 / 4)).since(queued) >= TRIED_FOR),
            }
        }
    }

    #[test]
    fn a_dead_receiver_is_asked_some_twenty_times_in_a_day() {
        let (queued, mut now, mut tries) = (Timestamp::from_secs(0), Timestamp::from_secs(0), 1);
        while let Some(next) = next_try(tries, queued, now, 500) {
            (now, tries) = (next, tries + 1);
        }
        assert!((15..30).contains(&tries), "{tries}");
    }
}
