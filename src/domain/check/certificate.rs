//! Certificates. What lies in their data is not looked at, because they are not installed anywhere.

use super::*;
use crate::api::{CertificateCreate, CertificateFormat};

/// Source: adding a certificate.
const LONGEST_THUMBPRINT: usize = 40;
const MOST_BYTES: usize = 10 * 1024;

/// What a new certificate must be like.
pub fn certificate_create(create: &CertificateCreate) -> Check {
    certificate_key("", &create.thumbprint_algorithm, &create.thumbprint)?;
    let data = &create.data.0;
    match base64_len(data) {
        None => return Err(Error::invalid_property("data", format!("{} characters", data.len()), "expected Base64")),
        Some(0) => return Err(missing("data")),
        Some(n) if n > MOST_BYTES => {
            return Err(Error::invalid_property("data", format!("{n} bytes"), format!("at most {MOST_BYTES} bytes")));
        }
        Some(_) => {}
    }
    if create.certificate_format == CertificateFormat::Cer && create.password.is_some() {
        return Err(Error::invalid_property("password", "…", "a cer has no password"));
    }
    Ok(())
}

/// The thumbprint as it is kept. `path` is where algorithm and thumbprint stand, empty for the body itself.
///
/// # Errors
/// `InvalidPropertyValue` for another algorithm than SHA-1, and for what is no thumbprint.
pub fn certificate_key(path: &str, algorithm: &str, thumbprint: &str) -> Result<String, Error> {
    let joint = if path.is_empty() { "" } else { "." };
    if !algorithm.eq_ignore_ascii_case("sha1") {
        return Err(Error::invalid_property(&format!("{path}{joint}thumbprintAlgorithm"), algorithm, "expected sha1"));
    }
    let digits = thumbprint_digits(thumbprint);
    if !(1..=LONGEST_THUMBPRINT).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        let reason = format!("1 to {LONGEST_THUMBPRINT} hexadecimal digits");
        return Err(Error::invalid_property(&format!("{path}{joint}thumbprint"), thumbprint, reason));
    }
    Ok(digits)
}

/// Without spaces and in lower case.
pub fn thumbprint_digits(thumbprint: &str) -> String {
    thumbprint.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect()
}

/// How many bytes the text encodes; nothing when it is no Base64.
fn base64_len(text: &str) -> Option<usize> {
    let text: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let padding = text.iter().rev().take_while(|b| **b == b'=').count();
    let digits = &text[..text.len() - padding];
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let is_whole = text.len().is_multiple_of(4) && padding <= 2;
    (is_whole && digits.iter().all(is_digit)).then_some(digits.len() * 3 / 4)
}

#[cfg(test)]
mod tests {
    use super::super::assert_refused as check;
    use super::*;
    use crate::api::Secret;

    fn with(change: impl FnOnce(&mut CertificateCreate)) -> Check {
        let mut create = CertificateCreate {
            thumbprint: "AB CD".into(),
            thumbprint_algorithm: "sha1".into(),
            data: Secret("AAAA".into()),
            certificate_format: CertificateFormat::Pfx,
            password: Some(Secret("p".into())),
        };
        change(&mut create);
        certificate_create(&create)
    }

    #[test]
    fn a_certificate_is_checked_property_by_property() {
        let invalid = Code::InvalidPropertyValue;
        assert_eq!(with(|_| ()), Ok(()));
        check(with(|c| c.thumbprint = "abcg".into()), invalid, "thumbprint");
        check(with(|c| c.thumbprint = "a".repeat(41)), invalid, "thumbprint");
        check(with(|c| c.thumbprint_algorithm = "sha256".into()), invalid, "thumbprintAlgorithm");
        check(with(|c| c.data = Secret("####".into())), invalid, "data");
        check(with(|c| c.data = Secret("AAA".into())), invalid, "data");
        check(with(|c| c.data = Secret("AAAA".repeat(MOST_BYTES / 3 + 1))), invalid, "data");
        check(with(|c| c.data = Secret(String::new())), Code::MissingRequiredProperty, "data");
        check(with(|c| c.certificate_format = CertificateFormat::Cer), invalid, "password");
    }

    #[test]
    fn base64_says_how_much_it_encodes() {
        for (text, bytes) in
            [("", Some(0)), ("AA==", Some(1)), ("AAA=", Some(2)), ("AAAA", Some(3)), ("AA\r\nAA", Some(3))]
        {
            assert_eq!(base64_len(text), bytes, "{text}");
        }
        for text in ["A", "A===", "====", "AA=A", "A*AA"] {
            assert_eq!(base64_len(text), None, "{text}");
        }
    }
}
