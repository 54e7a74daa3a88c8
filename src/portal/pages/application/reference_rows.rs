//! References to application packages, as typed.

use crate::api::ApplicationPackageReference;
use crate::domain::application as rules;
use crate::portal::i18n::msg;
use crate::portal::pages::typed::Problem;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferenceRow {
    pub application: String,
    /// Empty for the application's default version.
    pub version: String,
}

/// The references of the rows; rows without an application are passed over.
pub fn references(rows: &[ReferenceRow]) -> Result<Option<Vec<ApplicationPackageReference>>, Problem> {
    let mut all: Vec<ApplicationPackageReference> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let (application, version) = (row.application.trim(), row.version.trim());
        if application.is_empty() {
            continue;
        }
        let is_version = version.is_empty() || rules::check_version("", version).is_ok();
        if rules::check_id("", rules::id_of_reference(application)).is_err() || !is_version {
            return Err(Problem::with(msg::REFERENCE_ROW_REFUSED, vec![("n", (index + 1).to_string())]));
        }
        let version = Some(version.to_owned()).filter(|version| !version.is_empty());
        all.push(ApplicationPackageReference { application_id: application.to_owned(), version });
    }
    Ok((!all.is_empty()).then_some(all))
}

pub fn reference_rows(references: Option<&Vec<ApplicationPackageReference>>) -> Vec<ReferenceRow> {
    let row = |reference: &ApplicationPackageReference| ReferenceRow {
        application: reference.application_id.clone(),
        version: reference.version.clone().unwrap_or_default(),
    };
    references.into_iter().flatten().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_go_there_and_back() {
        let reference = |id: &str, version: Option<&str>| ApplicationPackageReference {
            application_id: id.into(),
            version: version.map(str::to_owned),
        };
        let all = vec![reference("blender", Some("2.70")), reference("tool", None)];
        assert_eq!(references(&reference_rows(Some(&all))), Ok(Some(all)));
        assert_eq!(references(&[ReferenceRow::default()]), Ok(None));
    }

    #[test]
    fn a_problem_names_its_row() {
        for (application, version) in [("a b", ""), ("tool", "a/b")] {
            let bad = ReferenceRow { application: application.into(), version: version.into() };
            let problem = references(&[ReferenceRow::default(), bad]).unwrap_err();
            assert_eq!(problem.values, [("n", "2".to_owned())]);
        }
    }
}
