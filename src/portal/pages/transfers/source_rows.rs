//! Resource files, as typed.

use crate::api::{self, ResourceFile};
use crate::domain::check;
use crate::portal::i18n::msg;
use crate::portal::pages::typed::Problem;

/// Where a file comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceKind {
    #[default]
    Url,
    Container,
    /// A container of the storage account that is linked to the Batch account.
    AutoStorage,
}

impl SourceKind {
    pub const ALL: [SourceKind; 3] = [SourceKind::Url, SourceKind::Container, SourceKind::AutoStorage];

    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Url => "url",
            SourceKind::Container => "container",
            SourceKind::AutoStorage => "auto",
        }
    }

    pub fn of(name: &str) -> SourceKind {
        SourceKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or_default()
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceRow {
    pub kind: SourceKind,
    /// A URL, or a container's name.
    pub source: String,
    /// Of containers only.
    pub prefix: String,
    pub path: String,
    pub mode: String,
    /// What the form has no place for goes through unchanged.
    pub rest: ResourceFile,
}

impl SourceRow {
    fn is_empty(&self) -> bool {
        [&self.source, &self.prefix, &self.path, &self.mode].iter().all(|text| text.trim().is_empty())
    }

    fn to_file(&self) -> ResourceFile {
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let of = |kind| text(&self.source).filter(|_| self.kind == kind);
        ResourceFile {
            http_url: of(SourceKind::Url),
            storage_container_url: of(SourceKind::Container),
            auto_storage_container_name: of(SourceKind::AutoStorage),
            blob_prefix: text(&self.prefix).filter(|_| self.kind != SourceKind::Url),
            file_path: text(&self.path),
            file_mode: text(&self.mode),
            ..self.rest.clone()
        }
    }

    fn of(file: &ResourceFile) -> SourceRow {
        let (kind, source) = match (&file.http_url, &file.storage_container_url, &file.auto_storage_container_name) {
            (_, Some(url), _) => (SourceKind::Container, url),
            (_, _, Some(name)) => (SourceKind::AutoStorage, name),
            (url, None, None) => (SourceKind::Url, url.as_ref().unwrap_or(const { &String::new() })),
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        SourceRow {
            kind,
            source: source.clone(),
            prefix: text(&file.blob_prefix),
            path: text(&file.file_path),
            mode: text(&file.file_mode),
            rest: ResourceFile { identity_reference: file.identity_reference.clone(), ..ResourceFile::default() },
        }
    }
}

/// The files of the rows; empty rows are passed over.
pub fn resource_files(rows: &[SourceRow]) -> Result<Option<Vec<ResourceFile>>, Problem> {
    let mut files = Vec::new();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| !row.is_empty()) {
        let file = row.to_file();
        check::resource_files("", Some(std::slice::from_ref(&file))).map_err(|error| in_row(index, &error))?;
        files.push(file);
    }
    Ok((!files.is_empty()).then_some(files))
}

/// What the server would say of it, with the number of the row.
pub(super) fn in_row(index: usize, error: &api::Error) -> Problem {
    let name = error.value("PropertyName").unwrap_or_default();
    let name = name.rsplit('.').next().unwrap_or(name).to_owned();
    let reason = error.value("Reason").unwrap_or(&error.message).to_owned();
    Problem::with(msg::FILES_ROW_REFUSED, vec![("n", (index + 1).to_string()), ("name", name), ("reason", reason)])
}

pub fn source_rows(files: Option<&Vec<ResourceFile>>) -> Vec<SourceRow> {
    files.into_iter().flatten().map(SourceRow::of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_there_and_back() {
        let text = |text: &str| Some(text.to_owned());
        let files = vec![
            ResourceFile {
                http_url: text("http://h/f?sig=1"),
                file_path: text("in/f"),
                file_mode: text("0600"),
                ..Default::default()
            },
            ResourceFile {
                storage_container_url: text("https://h/c?sig"),
                blob_prefix: text("a/"),
                ..Default::default()
            },
            ResourceFile { auto_storage_container_name: text("input"), file_path: text("in"), ..Default::default() },
        ];
        assert_eq!(resource_files(&source_rows(Some(&files))), Ok(Some(files)));
        assert_eq!(resource_files(&[SourceRow::default()]), Ok(None));
    }

    #[test]
    fn a_problem_names_its_row_and_property() {
        let row =
            |source: &str, path: &str| SourceRow { source: source.into(), path: path.into(), ..Default::default() };
        for (second, expected) in [
            (row("ftp://h/f", "f"), "httpUrl"),
            (row("http://h/f", ""), "filePath"),
            (row("http://h/f", "../f"), "filePath"),
        ] {
            let problem = resource_files(&[row("http://h/f", "f"), second]).unwrap_err();
            assert_eq!(problem.values[..2], [("n", "2".to_owned()), ("name", expected.to_owned())]);
        }
    }
}
