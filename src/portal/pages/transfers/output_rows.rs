//! Output files, as typed.

use super::source_rows::in_row;
use crate::api::{
    OutputFile, OutputFileContainer, OutputFileDestination, OutputFileUploadCondition, OutputFileUploadOptions,
};
use crate::domain::check;
use crate::portal::pages::typed::Problem;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutputRow {
    pub pattern: String,
    pub container_url: String,
    pub path: String,
    /// Wire spelling; empty for the usual one.
    pub condition: String,
    /// What the form has no place for goes through unchanged.
    pub rest: Option<OutputFileContainer>,
}

impl OutputRow {
    fn is_empty(&self) -> bool {
        [&self.pattern, &self.container_url, &self.path].iter().all(|text| text.trim().is_empty())
    }

    fn to_file(&self) -> OutputFile {
        let rest = self.rest.as_ref();
        let container = OutputFileContainer {
            container_url: self.container_url.trim().to_owned(),
            path: Some(self.path.trim().to_owned()).filter(|path| !path.is_empty()),
            identity_reference: rest.and_then(|rest| rest.identity_reference.clone()),
            upload_headers: rest.and_then(|rest| rest.upload_headers.clone()),
        };
        OutputFile {
            file_pattern: self.pattern.trim().to_owned(),
            destination: OutputFileDestination { container: Some(container) },
            upload_options: OutputFileUploadOptions {
                upload_condition: self.condition.parse().unwrap_or(OutputFileUploadCondition::TaskCompletion),
            },
        }
    }

    fn of(file: &OutputFile) -> OutputRow {
        let container = file.destination.container.as_ref();
        OutputRow {
            pattern: file.file_pattern.clone(),
            container_url: container.map(|container| container.container_url.clone()).unwrap_or_default(),
            path: container.and_then(|container| container.path.clone()).unwrap_or_default(),
            condition: file.upload_options.upload_condition.to_string(),
            rest: container.cloned(),
        }
    }
}

/// The files of the rows; empty rows are passed over.
pub fn output_files(rows: &[OutputRow]) -> Result<Option<Vec<OutputFile>>, Problem> {
    let mut files = Vec::new();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| !row.is_empty()) {
        let file = row.to_file();
        check::output_files("", Some(std::slice::from_ref(&file))).map_err(|error| in_row(index, &error))?;
        files.push(file);
    }
    Ok((!files.is_empty()).then_some(files))
}

pub fn output_rows(files: Option<&Vec<OutputFile>>) -> Vec<OutputRow> {
    files.into_iter().flatten().map(OutputRow::of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::NameValuePair;

    #[test]
    fn files_go_there_and_back_with_what_the_form_does_not_show() {
        let header = NameValuePair { name: Some("x-ms-meta-a".into()), value: Some("1".into()) };
        let file = |condition, headers: Option<Vec<NameValuePair>>| OutputFile {
            file_pattern: "../std*.txt".into(),
            destination: OutputFileDestination {
                container: Some(OutputFileContainer {
                    container_url: "https://h/c?sig".into(),
                    path: headers.is_some().then(|| "logs".into()),
                    identity_reference: None,
                    upload_headers: headers,
                }),
            },
            upload_options: OutputFileUploadOptions { upload_condition: condition },
        };
        let files = vec![
            file(OutputFileUploadCondition::TaskFailure, Some(vec![header])),
            file(OutputFileUploadCondition::TaskCompletion, None),
        ];
        assert_eq!(output_files(&output_rows(Some(&files))), Ok(Some(files)));
        assert_eq!(output_files(&[OutputRow::default()]), Ok(None));
    }

    #[test]
    fn a_pattern_must_stay_below_the_task() {
        let row = OutputRow { pattern: "../../**".into(), container_url: "https://h/c".into(), ..OutputRow::default() };
        let problem = output_files(&[row]).unwrap_err();
        assert_eq!(problem.values[1], ("name", "filePattern".to_owned()));
    }
}
