//! Files that come to a node before a command, and leave it afterwards.

use super::*;
use crate::api::{OutputFile, ResourceFile};
use crate::domain::file_pattern::FilePattern;
use crate::domain::storage;

/// Headers that an upload may carry, beside metadata. Source: Put Blob, Azure Storage.
const UPLOAD_HEADERS: [&str; 5] = [
    "x-ms-blob-cache-control",
    "x-ms-blob-content-disposition",
    "x-ms-blob-content-encoding",
    "x-ms-blob-content-language",
    "x-ms-blob-content-type",
];

/// Everything that can be said of resource files without their account. `path` is the property that holds them.
pub fn resource_files(path: &str, files: Option<&[ResourceFile]>) -> Check {
    let mut files = files.unwrap_or_default().iter().enumerate();
    files.try_for_each(|(index, file)| resource_file(&format!("{path}[{index}]"), file))
}

fn resource_file(path: &str, file: &ResourceFile) -> Check {
    let of = |name: &str| format!("{path}.{name}");
    if let (Some(_), Some(name)) = (&file.identity_reference, &file.auto_storage_container_name) {
        let reason = "linked storage is opened by the account itself: an identity goes with a URL";
        return Err(Error::invalid_property(&of("identityReference"), &**name, reason));
    }
    match (&file.http_url, &file.storage_container_url, &file.auto_storage_container_name) {
        (None, None, None) => return Err(missing(&of("httpUrl"))),
        (Some(address), None, None) => {
            url(&of("httpUrl"), address)?;
            if file.file_path.as_deref().unwrap_or_default().is_empty() {
                return Err(missing(&of("filePath")));
            }
            if let Some(prefix) = &file.blob_prefix {
                let reason = "one file has no blobs: it goes with storageContainerUrl or autoStorageContainerName";
                return Err(Error::invalid_property(&of("blobPrefix"), &**prefix, reason));
            }
        }
        (None, Some(address), None) => url(&of("storageContainerUrl"), address)?,
        (None, None, Some(name)) => container_name(&of("autoStorageContainerName"), name)?,
        (_, Some(address), _) => return Err(second_source(&of("storageContainerUrl"), address)),
        (_, _, Some(name)) => return Err(second_source(&of("autoStorageContainerName"), name)),
    }
    file.file_path.as_deref().map_or(Ok(()), |file_path| stays_below(&of("filePath"), file_path))?;
    file.file_mode.as_deref().map_or(Ok(()), |mode| file_mode(&of("fileMode"), mode))
}

fn second_source(path: &str, value: &str) -> Error {
    let reason = "exactly one of httpUrl, storageContainerUrl and autoStorageContainerName is given";
    Error::invalid_property(path, storage::without_query(value), reason)
}

/// Everything that can be said of output files. `path` is the property that holds them.
pub fn output_files(path: &str, files: Option<&[OutputFile]>) -> Check {
    let mut files = files.unwrap_or_default().iter().enumerate();
    files.try_for_each(|(index, file)| output_file(&format!("{path}[{index}]"), file))
}

fn output_file(path: &str, file: &OutputFile) -> Check {
    let of = |name: &str| format!("{path}.{name}");
    FilePattern::parse(&file.file_pattern)
        .map_err(|reason| Error::invalid_property(&of("filePattern"), &*file.file_pattern, reason.to_string()))?;
    let in_container = |name: &str| of(&format!("destination.container.{name}"));
    let Some(container) = &file.destination.container else { return Err(missing(&of("destination.container"))) };
    url(&in_container("containerUrl"), &container.container_url)?;
    if let Some(blob) = &container.path {
        stays_below(&in_container("path"), blob)?;
    }
    for (index, header) in container.upload_headers.iter().flatten().enumerate() {
        let at = |name: &str| in_container(&format!("uploadHeaders[{index}].{name}"));
        let name = header.name.as_deref().unwrap_or_default();
        let is_known = UPLOAD_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known))
            || name.to_ascii_lowercase().starts_with("x-ms-meta-");
        if !is_known {
            let reason = format!("one of {}, or x-ms-meta-…", UPLOAD_HEADERS.join(", "));
            return Err(Error::invalid_property(&at("name"), name, reason));
        }
        let value = header.value.as_deref().unwrap_or_default();
        if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Err(Error::invalid_property(&at("value"), value, "printable ASCII characters only"));
        }
    }
    Ok(())
}

/// An address of the web. What it leads to is the node's to find out.
pub(super) fn url(path: &str, text: &str) -> Check {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let authority = rest.unwrap_or_default().split(['/', '?', '#']).next().unwrap_or_default();
    let bad = |reason: &str| Err(Error::invalid_property(path, storage::without_query(text), reason));
    if authority.is_empty() {
        return bad("a URL that begins with http:// or https:// and a host");
    }
    if authority.contains('@') {
        return bad("a URL without user and password");
    }
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return bad("a URL without blanks and control characters");
    }
    Ok(())
}

fn container_name(path: &str, name: &str) -> Check {
    storage::check_container_name(name).map_err(|reason| Error::invalid_property(path, name, reason))
}

/// Relative, and nowhere above where it begins.
fn stays_below(path: &str, text: &str) -> Check {
    no_nul(path, text)?;
    let is_outside = text.starts_with('/') || text.split(['/', '\\']).any(|name| name == "..");
    if is_outside {
        return Err(Error::invalid_property(path, text, "a relative path without `..`"));
    }
    Ok(())
}

/// Four octal digits at most, as `chmod` takes them. Chosen here: without set-user-id and the like.
fn file_mode(path: &str, text: &str) -> Check {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o777 => Ok(()),
        _ => Err(Error::invalid_property(path, text, "an octal number from 0 to 0777")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_refused as check;
    use super::*;
    use crate::api::{
        NameValuePair, OutputFileContainer, OutputFileDestination, OutputFileUploadCondition, OutputFileUploadOptions,
    };
    use Code::{InvalidPropertyValue as Invalid, MissingRequiredProperty as Missing};

    #[test]
    fn a_resource_file_has_one_source_and_stays_in_the_working_directory() {
        let with = |change: &dyn Fn(&mut ResourceFile)| {
            let mut file = ResourceFile {
                http_url: Some("http://h/f?sig=1".into()),
                file_path: Some("a/f".into()),
                ..Default::default()
            };
            change(&mut file);
            resource_files("resourceFiles", Some(&[file]))
        };
        assert_eq!(with(&|_| ()), Ok(()));
        assert_eq!(with(&|f| (f.http_url, f.storage_container_url) = (None, Some("https://h/c".into()))), Ok(()));
        assert_eq!(with(&|f| (f.http_url, f.auto_storage_container_name) = (None, Some("abc".into()))), Ok(()));
        check(with(&|f| f.http_url = None), Missing, "resourceFiles[0].httpUrl");
        check(with(&|f| f.file_path = None), Missing, "resourceFiles[0].filePath");
        check(with(&|f| f.blob_prefix = Some("x".into())), Invalid, "resourceFiles[0].blobPrefix");
        let two = "resourceFiles[0].storageContainerUrl";
        check(with(&|f| f.storage_container_url = Some("http://h/c".into())), Invalid, two);
        let container = |f: &mut ResourceFile| (f.http_url, f.auto_storage_container_name) = (None, Some("A".into()));
        check(with(&|f| container(f)), Invalid, "resourceFiles[0].autoStorageContainerName");
        for bad in ["/etc/x", "../x", "a/../../x", "a\\..\\x", "a\0"] {
            check(with(&|f| f.file_path = Some(bad.into())), Invalid, "resourceFiles[0].filePath");
        }
        for bad in ["", "ftp://h/f", "file:///etc/passwd", "http://", "http:///f", "http://u:p@h/f", "http://h/a b"] {
            check(with(&|f| f.http_url = Some(bad.into())), Invalid, "resourceFiles[0].httpUrl");
        }
        for bad in ["", "8", "1777", "rwx", "-1"] {
            check(with(&|f| f.file_mode = Some(bad.into())), Invalid, "resourceFiles[0].fileMode");
        }
        let identity = api::NodeIdentityReference { resource_id: Some("x".into()) };
        assert_eq!(with(&|f| f.identity_reference = Some(identity.clone())), Ok(()));
        let named = |f: &mut ResourceFile| {
            (f.http_url, f.auto_storage_container_name) = (None, Some("abc".into()));
            f.identity_reference = Some(identity.clone());
        };
        check(with(&|f| named(f)), Invalid, "resourceFiles[0].identityReference");
    }

    #[test]
    fn an_output_file_has_a_pattern_and_a_container() {
        let with = |change: &dyn Fn(&mut OutputFile, &mut OutputFileContainer)| {
            let mut container = OutputFileContainer {
                container_url: "https://h/c?sig".into(),
                path: None,
                identity_reference: None,
                upload_headers: None,
            };
            let mut file = OutputFile {
                file_pattern: "../std*.txt".into(),
                destination: OutputFileDestination::default(),
                upload_options: OutputFileUploadOptions { upload_condition: OutputFileUploadCondition::TaskSuccess },
            };
            change(&mut file, &mut container);
            if file.destination.container.is_none() && file.file_pattern != "none" {
                file.destination.container = Some(container);
            }
            output_files("outputFiles", Some(&[file]))
        };
        let header =
            |name: &str, value: &str| Some(vec![NameValuePair { name: Some(name.into()), value: Some(value.into()) }]);
        assert_eq!(with(&|_, c| c.upload_headers = header("x-ms-blob-content-type", "text/plain")), Ok(()));
        check(with(&|f, _| f.file_pattern = "../../**".into()), Invalid, "outputFiles[0].filePattern");
        check(with(&|f, _| f.file_pattern = "none".into()), Missing, "outputFiles[0].destination.container");
        let in_container = |name: &str| format!("outputFiles[0].destination.container.{name}");
        check(with(&|_, c| c.container_url = "c".into()), Invalid, &in_container("containerUrl"));
        check(with(&|_, c| c.path = Some("../x".into())), Invalid, &in_container("path"));
        let bad = in_container("uploadHeaders[0].name");
        check(with(&|_, c| c.upload_headers = header("authorization", "x")), Invalid, &bad);
        let bad = in_container("uploadHeaders[0].value");
        check(with(&|_, c| c.upload_headers = header("x-ms-meta-a", "x\r\ny: z")), Invalid, &bad);
    }
}
