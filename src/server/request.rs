//! What a server function finds around it: the operations' context, the caller, and the session's cookie.
//! Put there by [`super::server_functions`], which has asked the store who calls.

use axum::http::{HeaderMap, HeaderValue, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::api::{self, Code, Secret};
use crate::service::session::From;
use crate::service::{Caller, Context};

/// Name of the session's cookie.
const COOKIE: &str = "fournil_session";
/// How long a browser keeps it, in seconds; the server may end it earlier.
const COOKIE_LIFE: u32 = 7 * 24 * 3600;

/// Provided to each server function.
#[derive(Clone)]
pub struct Around {
    pub cx: Context,
    pub from: From,
    pub caller: Option<Caller>,
    /// Whether browsers come by TLS.
    pub is_https: bool,
}

/// The context and who is signed in.
///
/// # Errors
/// `Unauthorized` when nobody is.
pub fn context() -> Result<(Context, Caller), api::Error> {
    let around = around()?;
    let caller = around.caller.ok_or(Code::Unauthorized)?;
    Ok((around.cx, caller))
}

/// The context and where the request comes from, for what needs no sign-in.
///
/// # Errors
/// None inside a request.
pub fn anonymous() -> Result<(Context, From), api::Error> {
    let around = around()?;
    Ok((around.cx, around.from))
}

fn around() -> Result<Around, api::Error> {
    use_context::<Around>().ok_or_else(|| Code::InternalError.into())
}

/// Gives the browser the session's secret. Scripts cannot read it, and other sites' requests do not carry it.
pub fn set_cookie(secret: &Secret) {
    put_cookie(&secret.0, COOKIE_LIFE);
}

/// Takes the session's secret from the browser.
pub fn clear_cookie() {
    put_cookie("", 0);
}

fn put_cookie(value: &str, life_secs: u32) {
    let (Some(around), Some(options)) = (use_context::<Around>(), use_context::<ResponseOptions>()) else { return };
    options.append_header(header::SET_COOKIE, cookie_line(COOKIE, "/", value, life_secs, around.is_https));
}

/// As [`set_cookie`], where there is no server function.
pub fn session_cookie_line(secret: &Secret, is_https: bool) -> HeaderValue {
    cookie_line(COOKIE, "/", &secret.0, COOKIE_LIFE, is_https)
}

/// `value` is base64url.
pub fn cookie_line(name: &str, path: &str, value: &str, life_secs: u32, is_https: bool) -> HeaderValue {
    let secure = if is_https { "; Secure" } else { "" };
    let line = format!("{name}={value}; Path={path}; Max-Age={life_secs}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&line).expect("base64url is ASCII")
}

/// The session's secret that a request carries.
pub fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, COOKIE)
}

pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut values = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    values.find(|(known, value)| *known == name && !value.is_empty()).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let find = |line: &'static str| {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(line))]);
            session_cookie(&headers).map(str::to_owned)
        };
        assert_eq!(find("theme=dark; fournil_session=abc"), Some("abc".to_owned()));
        assert_eq!(find("fournil_session="), None);
        assert_eq!(find("xfournil_session=abc"), None);
        assert_eq!(find(""), None);
    }
}
