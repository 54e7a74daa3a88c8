//! Names in paths. ARM compares all of them without regard to case, and clients write them in every way
//! (`resourcegroups`, `microsoft.batch`); a router does not. So the fixed parts of a path are put into lower case before
//! it is looked at; names that users chose stay as they are.

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// Paths are type and name in turn, `/subscriptions/{name}/resourceGroups/{name}/providers/{namespace}/…`: types and
/// the namespace behind `providers` are fixed.
pub fn plain(mut request: Request) -> Request {
    if let Some(uri) = in_lower_case(request.uri()) {
        let sent = AsSent(request.uri().path().to_owned());
        request.extensions_mut().insert(sent);
        *request.uri_mut() = uri;
    }
    request
}

/// The path as the client wrote it, for links to further pages.
#[derive(Clone, Debug)]
pub struct AsSent(pub String);

fn in_lower_case(uri: &Uri) -> Option<Uri> {
    let mut path = lower_types(uri.path());
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

fn lower_types(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut before = "";
    for (index, part) in path.trim_end_matches('/').split('/').skip(1).enumerate() {
        out.push('/');
        let is_fixed = index % 2 == 0 || before.eq_ignore_ascii_case("providers");
        out.push_str(&if is_fixed { part.to_ascii_lowercase() } else { part.to_owned() });
        before = part;
    }
    if out.is_empty() { "/".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_lowered_and_names_kept() {
        let check = |path: &str, expected: &str| assert_eq!(lower_types(path), expected);
        check(
            "/Subscriptions/ABC/resourceGroups/My-Group/Providers/Microsoft.Batch/batchAccounts/Acc/pools/P/stopResize",
            "/subscriptions/ABC/resourcegroups/My-Group/providers/microsoft.batch/batchaccounts/Acc/pools/P/stopresize",
        );
        check("/providers/Microsoft.Batch/Operations", "/providers/microsoft.batch/operations");
        check("/subscriptions/", "/subscriptions");
        check("/", "/");
        check("/subscriptions//resourceGroups", "/subscriptions//resourcegroups");
    }
}
