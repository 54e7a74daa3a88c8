//! Accounts of a pool as a form holds them.

use crate::api::{ElevationLevel, LinuxUserConfiguration, Secret, UserAccount};
use crate::domain::check;
use crate::portal::i18n::msg;
use crate::portal::pages::typed::Problem;

/// A row, as typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountRow {
    pub name: String,
    pub password: String,
    /// `admin`, or anything else for none.
    pub level: String,
    /// User and group id as `1001:1001`; empty where the node chooses.
    pub ids: String,
}

/// The accounts; nothing where no row says anything.
pub fn accounts(rows: &[AccountRow]) -> Result<Option<Vec<UserAccount>>, Problem> {
    let is_said = |row: &&AccountRow| !(row.name.trim().is_empty() && row.password.is_empty());
    let accounts = rows.iter().filter(is_said).map(account).collect::<Result<Vec<_>, _>>()?;
    check::user_accounts(&accounts).map_err(|error| {
        // Everything else has been looked at row by row.
        Problem::with(
            msg::POOL_USERS_WRONG,
            vec![("value", error.value("PropertyValue").unwrap_or_default().to_owned())],
        )
    })?;
    Ok((!accounts.is_empty()).then_some(accounts))
}

fn account(row: &AccountRow) -> Result<UserAccount, Problem> {
    let name = row.name.trim().to_owned();
    let named = |message| Problem::with(message, vec![("name", name.clone())]);
    check::account_name("name", &name).map_err(|_| named(msg::POOL_USER_NAME_WRONG))?;
    if row.password.is_empty() {
        return Err(named(msg::POOL_USER_NO_PASSWORD));
    }
    let ids = match row.ids.trim() {
        "" => None,
        text => {
            let (uid, gid) = text.split_once(':').unwrap_or((text, text));
            let id = |text: &str| text.trim().parse().map(Some).map_err(|_| named(msg::POOL_USER_IDS_WRONG));
            Some(LinuxUserConfiguration { uid: id(uid)?, gid: id(gid)?, ssh_private_key: None })
        }
    };
    let account = UserAccount {
        password: Some(Secret(row.password.clone())),
        elevation_level: row.level.parse().ok().or(Some(ElevationLevel::NonAdmin)),
        linux_user_configuration: ids,
        windows_user_configuration: None,
        name: name.clone(),
    };
    check::user_accounts(std::slice::from_ref(&account)).map_err(|_| named(msg::POOL_USER_IDS_WRONG))?;
    Ok(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, password: &str, ids: &str) -> AccountRow {
        AccountRow { name: name.into(), password: password.into(), ids: ids.into(), level: String::new() }
    }

    #[test]
    fn rows_are_accounts_and_empty_ones_are_none() {
        assert_eq!(accounts(&[AccountRow::default()]), Ok(None));
        let rows = [row("anna", "p", "1001:1002"), AccountRow { level: "admin".into(), ..row("boss", "p", "") }];
        let found = accounts(&rows).unwrap().unwrap();
        let ids = found[0].linux_user_configuration.as_ref().map(|linux| (linux.uid, linux.gid));
        assert_eq!(ids, Some((Some(1001), Some(1002))));
        assert_eq!(
            found.iter().map(|a| a.elevation_level).collect::<Vec<_>>(),
            [Some(ElevationLevel::NonAdmin), Some(ElevationLevel::Admin)]
        );
    }

    #[test]
    fn what_is_wrong_with_a_row_is_said() {
        let check = |row: AccountRow, message| assert_eq!(accounts(&[row]).unwrap_err().message, message);
        check(row("root", "p", ""), msg::POOL_USER_NAME_WRONG);
        check(row("", "p", ""), msg::POOL_USER_NAME_WRONG);
        check(row("anna", "", ""), msg::POOL_USER_NO_PASSWORD);
        check(row("anna", "p", "0"), msg::POOL_USER_IDS_WRONG);
        check(row("anna", "p", "x:y"), msg::POOL_USER_IDS_WRONG);
        let twice = accounts(&[row("anna", "p", ""), row("anna", "p", "")]);
        assert_eq!(twice.unwrap_err().message, msg::POOL_USERS_WRONG);
    }
}
