//! The span of who asks: the header `traceparent`. What cannot be read is as if it were not there. Nothing else that callers say of
//! their traces is read: it would be sent on as it is.
//! Source: https://www.w3.org/TR/trace-context/

use axum::http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;

const HEADER: &str = "traceparent";
/// Today's form has 55 characters; later ones may have more.
const LONGEST: usize = 128;

/// Whether it is sampled is the one flag that is kept.
pub fn of(headers: &HeaderMap) -> Option<SpanContext> {
    let mut all = headers.get_all(HEADER).iter();
    let (Some(header), None) = (all.next(), all.next()) else { return None };
    let text = header.to_str().ok().filter(|text| text.len() <= LONGEST && text.bytes().all(may_be_in))?;
    let found = TraceContextPropagator::new().extract_with_context(&Context::new(), &Header(text));
    let caller = found.span().span_context().clone();
    caller.is_valid().then_some(caller)
}

/// Numbers with a sign, for example, are none.
fn may_be_in(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'-'
}

struct Header<'h>(&'h str);

impl Extractor for Header<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == HEADER).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![HEADER]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn read(header: &str) -> Option<(String, String, bool)> {
        let headers = HeaderMap::from_iter([(HEADER.parse().unwrap(), header.parse().unwrap())]);
        of(&headers).map(|s| (s.trace_id().to_string(), s.span_id().to_string(), s.is_sampled()))
    }

    #[test]
    fn a_callers_span_is_read_with_its_sampled_flag_only() {
        for (flags, sampled) in [("01", true), ("00", false), ("ff", true), ("fe", false)] {
            let expected = Some((TRACE.to_owned(), SPAN.to_owned(), sampled));
            assert_eq!(read(&format!("00-{TRACE}-{SPAN}-{flags}")), expected, "{flags}");
        }
        assert!(read(&format!("01-{TRACE}-{SPAN}-01-more")).is_some(), "a later version says more");
    }

    #[test]
    fn what_is_malformed_is_not_there() {
        let zeros = "0".repeat(32);
        for header in [
            String::new(),
            "rubbish".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{SPAN}-+1"),
            format!("00-{}-{SPAN}-01", "g".repeat(32)),
            format!("01-{TRACE}-{SPAN}-01-{}", "a".repeat(1000)),
        ] {
            assert_eq!(read(&header), None, "{header}");
        }
        let twice = [1, 2].map(|_| format!("00-{TRACE}-{SPAN}-01"));
        let headers = HeaderMap::from_iter(twice.map(|one| (HEADER.parse().unwrap(), one.parse().unwrap())));
        assert_eq!(of(&headers), None);
    }

    #[test]
    fn the_rest_of_what_callers_say_of_their_traces_is_left_out() {
        let headers = HeaderMap::from_iter([
            (HEADER.parse().unwrap(), format!("00-{TRACE}-{SPAN}-01").parse().unwrap()),
            ("tracestate".parse().unwrap(), "vendor=secret".parse().unwrap()),
        ]);
        assert_eq!(of(&headers).unwrap().trace_state().header(), "");
    }
}
