//! Requests that no client sends: recorded ones with something wrong in them, signed well, and signatures of every kind.
//! Whatever comes, the answer is one of Batch's errors and never an error of the server's own. More cases by
//! `FOURNIL_FUZZ_CASES`, others by `FOURNIL_FUZZ_SEED`.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, Method, Uri};
use serde_json::{Map, Value, json};

use crate::support::rest::{Answer, Ask, Rest};

const RECORDED: &str = include_str!("fixtures/signed_requests.json");

/// Small and foreseeable: the same seed gives the same requests on every machine.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.throw() >> 33) as usize % n.max(1)
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// What stands where something else should.
fn odd_value(dice: &mut Dice) -> Value {
    match dice.below(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(i64::MAX),
        4 => json!(u64::MAX),
        5 => json!(1e300),
        6 => json!(""),
        7 => json!("x".repeat(dice.below(5000))),
        8 => json!("\u{0}\u{202e}🥖'\"<script>"),
        9 => json!("P10675199DT2H48M5.4775807S"),
        10 => json!("-P1Y2M3DT4H5M6.7890123S"),
        11 => json!([]),
        12 => json!({}),
        _ => (0..dice.below(60)).fold(json!(0), |inner, _| json!([inner])),
    }
}

/// One change somewhere inside.
fn spoil(value: &mut Value, dice: &mut Dice) {
    let deeper = dice.below(3) > 0;
    match value {
        Value::Object(map) if !map.is_empty() => {
            let name = map.keys().nth(dice.below(map.len())).cloned().unwrap_or_default();
            match dice.below(6) {
                0 => drop(map.remove(&name)),
                1 => drop(map.insert(format!("{name}s"), json!(1))),
                2 => drop(map.insert(name, odd_value(dice))),
                _ if deeper => map.get_mut(&name).into_iter().for_each(|inner| spoil(inner, dice)),
                _ => drop(map.insert(name, odd_value(dice))),
            }
        }
        Value::Array(items) if !items.is_empty() && deeper => {
            let n = dice.below(items.len());
            spoil(&mut items[n], dice);
        }
        Value::Array(items) => items.extend(std::iter::repeat_n(json!({}), dice.below(200))),
        other => *other = odd_value(dice),
    }
}

fn body(recorded: &Value, dice: &mut Dice) -> Vec<u8> {
    let mut json = if recorded.is_null() { Value::Object(Map::new()) } else { recorded.clone() };
    (0..dice.below(4)).for_each(|_| spoil(&mut json, dice));
    let mut bytes = json.to_string().into_bytes();
    match dice.below(8) {
        0 => bytes.truncate(dice.below(bytes.len())),
        1 => {
            let at = dice.below(bytes.len());
            bytes[at] = dice.throw() as u8;
        }
        2 => bytes.extend_from_slice(b"{\"a\":1}"),
        _ => {}
    }
    bytes
}

fn path(recorded: &str, dice: &mut Dice) -> String {
    let odd = [
        "%2e%2e", "..", ".", "", "%00", "%ff", "a%2Fb", "%F0%9F%A5%96", "'", "(x=1)", "job:1", "~", "%25",
        "addtaskcollection",
    ];
    let mut segments: Vec<String> = recorded.split('/').map(str::to_owned).collect();
    match dice.below(5) {
        0 => {
            let at = 1 + dice.below(segments.len() - 1);
            segments[at] = dice.pick(&odd).to_owned();
        }
        1 => segments.push(dice.pick(&odd).to_owned()),
        2 => drop(segments.pop()),
        _ => {}
    }
    if segments.len() < 2 { "/".to_owned() } else { segments.join("/") }
}

fn query(dice: &mut Dice) -> String {
    let words = [
        "id",
        "state",
        "eq",
        "ne",
        "gt",
        "and",
        "or",
        "(",
        ")",
        "'a'",
        "'",
        "-1",
        "999999999999999999999",
        "true",
        "startswith(id,'a')",
        "startswith(",
        ",",
        "executionInfo/exitCode",
        "creationTime",
        "DateTime'2024-01-31T00:00:00Z'",
        "DateTime'x'",
        "null",
        "not",
    ];
    let names = [
        "$filter", "$select", "$expand", "maxresults", "$skiptoken", "timeOut", "timeout", "recursive", "force",
        "api-version", "x",
    ];
    // No name twice: how that is signed is not what is tried here.
    let mut pairs = BTreeMap::from([("api-version", "2024-02-01.19.0".to_owned())]);
    for _ in 0..dice.below(3) {
        let name = dice.pick(&names);
        let value: Vec<&str> = (0..dice.below(7)).map(|_| dice.pick(&words)).collect();
        let value = value.join(if name == "$select" { "%2C" } else { "%20" });
        pairs.insert(name, value.replace('\'', "%27"));
    }
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn headers(mut ask: Ask, dice: &mut Dice) -> Ask {
    let odd = [
        "",
        "*",
        "\"0x8D\"",
        "W/\"x\"",
        "bytes=0-",
        "bytes=-1",
        "bytes=9-1",
        "bytes=a-b",
        "Mon, 01 Jan 2024 00:00:00 GMT",
        "yesterday",
        "é",
    ];
    let names = [
        "if-match",
        "if-none-match",
        "if-modified-since",
        "if-unmodified-since",
        "ocp-range",
        "client-request-id",
        "return-client-request-id",
    ];
    for _ in 0..dice.below(3) {
        ask = ask.header(dice.pick(&names), dice.pick(&odd));
    }
    ask
}

/// Batch's error or a success, but never a failure of the server's.
#[track_caller]
fn assert_sound(answer: &Answer, what: &str) {
    let status = answer.status.as_u16();
    assert!(status < 500 || status == 501, "{what}: {}", String::from_utf8_lossy(&answer.bytes));
    if status >= 400 && !answer.bytes.is_empty() {
        let error = answer.json();
        assert!(error["code"].is_string() && error["message"]["value"].is_string(), "{what}: {error}");
    }
}

#[tokio::test]
async fn no_request_however_odd_meets_an_error_of_the_servers_own() {
    let rest = Rest::new().await;
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let recorded = recorded["requests"].as_array().unwrap();
    rest.world.pool("p1", 0, 1).await;
    rest.world.job("j1", "p1").await;
    let seed = number("FOURNIL_FUZZ_SEED", 7);
    let mut dice = Dice(seed * 2 + 1);
    let mut met = BTreeMap::<u16, usize>::new();
    for case in 0..number("FOURNIL_FUZZ_CASES", 2_000) {
        let request = &recorded[dice.below(recorded.len())];
        let method = if dice.below(12) == 0 {
            dice.pick(&["PUT", "HEAD", "OPTIONS", "DELETE"])
        } else {
            request["method"].as_str().unwrap()
        };
        let known = request["target"].as_str().unwrap().split('?').next().unwrap_or_default();
        let target = format!("{}?{}", path(known, &mut dice), query(&mut dice));
        // What is no URI at all never gets as far as the routes.
        if target.parse::<Uri>().is_err() || Method::from_bytes(method.as_bytes()).is_err() || target.contains("%ff") {
            continue;
        }
        let mut ask = headers(rest.ask(method, &target), &mut dice);
        ask.headers.retain(|_, value| HeaderValue::from_str(value).is_ok());
        let content = body(&request["body"], &mut dice);
        let what = format!(
            "seed {seed}, case {case}: {method} {target} {}",
            String::from_utf8_lossy(&content[..content.len().min(400)])
        );
        if !request["body"].is_null() || dice.below(6) == 0 {
            ask = ask.body(content);
        }
        let answer = rest.send(ask).await;
        assert_sound(&answer, &what);
        *met.entry(answer.status.as_u16()).or_default() += 1;
    }
    // What never came past the signature would prove nothing.
    let n = |status: u16| met.get(&status).copied().unwrap_or(0);
    assert!(n(200) > 20 && n(409) > 0 && n(400) > 100 && n(404) > 100 && n(403) < 20, "{met:?}");
    assert_eq!(rest.get("/pools").await.status, 200, "the server still answers");
}

#[tokio::test]
async fn no_authorization_header_gets_in_or_meets_an_error_of_the_servers_own() {
    let rest = Rest::new().await;
    let mut dice = Dice(number("FOURNIL_FUZZ_SEED", 11) * 2 + 1);
    let parts = [
        "SharedKey", "sharedkey", "Bearer", "Basic", " ", "  ", ":", "test", "TEST", "nobody", "fnl_", "AAAA", "====",
        "é", "\t", ",", "\"", "%00",
    ];
    for case in 0..number("FOURNIL_FUZZ_CASES", 2_000) {
        let text: String = (0..dice.below(9)).map(|_| dice.pick(&parts)).collect();
        let Ok(value) = HeaderValue::from_str(&text) else { continue };
        if value.to_str().is_err() && dice.below(2) == 0 {
            continue;
        }
        let ask = rest.ask("GET", "/pools").unsigned().header("authorization", &text);
        let answer = rest.send(ask).await;
        let status = answer.status.as_u16();
        assert!(matches!(status, 400 | 401 | 403), "case {case}: {text:?} was answered by {status}");
        assert_sound(&answer, &text);
    }
}
