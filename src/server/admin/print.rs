//! Says what was done, for people or for programs.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::Request;

/// Prints the outcome. The exit code is 1 when the doctor found something.
pub fn outcome(request: &Request, answer: &Value, as_json: bool) -> ExitCode {
    if as_json {
        put(&format!("{}\n", serde_json::to_string_pretty(answer).expect("values can be written")));
    } else {
        put(&for_people(request, answer));
    }
    let is_ill = matches!(request, Request::Doctor)
        && answer["problems"].as_array().is_some_and(|problems| !problems.is_empty());
    if is_ill { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

pub fn restored(kept: Option<&Path>, as_json: bool) {
    if as_json {
        put(&format!("{}\n", json!({ "kept": kept })));
    } else if let Some(kept) = kept {
        put(&format!("Restored. The database that was there before is in {}.\n", kept.display()));
    } else {
        put("Restored.\n");
    }
}

fn for_people(request: &Request, answer: &Value) -> String {
    match request {
        Request::AccountCreate { .. } => format!(
            "Made the account {} at {}. Its keys: fournil admin key list {0}\n",
            text(&answer["name"]),
            text(&answer["accountUrl"])
        ),
        Request::AccountList => {
            let rows = list(answer).iter().map(account_row).collect();
            table(["NAME", "LOCATION", "STATE", "POOLS", "ACTIVE JOBS", "NODES"], rows)
        }
        Request::AccountSetQuota { account, .. } => {
            let quota = |name: &str| text(&answer["quotas"][name]);
            format!(
                "{account} may have {} dedicated cores, {} low-priority cores, {} pools, and {} active jobs and job schedules.\n",
                quota("dedicatedCoreQuota"),
                quota("lowPriorityCoreQuota"),
                quota("poolQuota"),
                quota("activeJobAndJobScheduleQuota")
            )
        }
        Request::AccountSetTaskEvents { account, on } => {
            format!(
                "Starts and ends of tasks of {account} are {}.\n",
                if *on { "written down" } else { "not written down" }
            )
        }
        Request::AccountShow { .. } => account_page(answer),
        Request::AccountDelete { account } => format!("Deleted the account {account}, or what is left of it soon.\n"),
        Request::KeyList { .. } | Request::KeyRegenerate { .. } => {
            format!("primary    {}\nsecondary  {}\n", text(&answer["primary"]), text(&answer["secondary"]))
        }
        Request::UserCreate { .. } => format!("Made the user {} ({}).\n", text(&answer["name"]), text(&answer["role"])),
        Request::UserList => {
            let state = |row: &Value| if row["disabled"] == true { "disabled" } else { "enabled" };
            let row =
                |row: &Value| [text(&row["name"]), text(&row["role"]), state(row).to_owned(), text(&row["lastSignIn"])];
            table(["NAME", "ROLE", "STATE", "LAST SIGN-IN"], list(answer).iter().map(row).collect())
        }
        Request::UserSetDisabled { user, disabled } => {
            format!("The user {user} is {}.\n", if *disabled { "disabled" } else { "enabled" })
        }
        Request::UserSetPassword { user, .. } => {
            format!("The user {user} has a new password. Sessions and tokens have ended.\n")
        }
        Request::TokenCreate { .. } => format!(
            "{}\nIt is shown this once, stands for {}, and expires {}.\n",
            text(&answer["token"]),
            text(&answer["user"]),
            text(&answer["expiryTime"])
        ),
        Request::TokenList { .. } => {
            let columns = ["id", "user", "description", "expiryTime", "lastUsed"];
            let row = |row: &Value| columns.map(|column| text(&row[column]));
            table(["ID", "USER", "DESCRIPTION", "EXPIRES", "LAST USED"], list(answer).iter().map(row).collect())
        }
        Request::TokenRevoke { id } => format!("Revoked the token {id}.\n"),
        Request::Activity { .. } => {
            let rows = super::activity::print(answer, text);
            table(["TIME", "BY", "OPERATION", "ON", "FROM", "RESULT"], rows)
        }
        Request::Backup { file } => format!("Wrote {}.\n", file.display()),
        Request::Node { ask } => super::node::print(ask),
        Request::Storage { ask } => super::storage::print(ask, answer, text),
        Request::Doctor => diagnosis(list(&answer["problems"])),
    }
}

fn account_row(row: &Value) -> [String; 6] {
    let (account, counts) = (&row["account"], &row["counts"]);
    [
        text(&account["name"]),
        text(&account["location"]),
        text(&account["provisioningState"]),
        text(&counts["pools"]),
        text(&counts["activeJobs"]),
        text(&counts["nodes"]),
    ]
}

fn account_page(answer: &Value) -> String {
    let (account, counts) = (&answer["account"], &answer["counts"]);
    let facts = [
        ("name", &account["name"]),
        ("URL", &account["accountUrl"]),
        ("location", &account["location"]),
        ("state", &account["provisioningState"]),
        ("subscription", &account["subscriptionId"]),
        ("resource group", &account["resourceGroup"]),
        ("made", &account["creationTime"]),
        ("pools", &counts["pools"]),
        ("nodes", &counts["nodes"]),
        ("active jobs", &counts["activeJobs"]),
        ("running tasks", &counts["tasksRunning"]),
        ("waiting tasks", &counts["tasksActive"]),
    ];
    facts.iter().fold(String::new(), |mut page, (name, value)| {
        let _ = writeln!(page, "{name:<15} {}", text(value));
        page
    })
}

fn diagnosis(problems: &[Value]) -> String {
    if problems.is_empty() {
        return "What is stored is sound.\n".to_owned();
    }
    problems.iter().fold(String::new(), |mut page, problem| {
        let _ = writeln!(page, "- {}", text(problem));
        page
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A plain text without characters that a terminal would obey.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

fn table<const N: usize>(head: [&str; N], rows: Vec<[String; N]>) -> String {
    let widths: [usize; N] = std::array::from_fn(|i| {
        rows.iter().map(|row| row[i].chars().count()).chain([head[i].len()]).max().unwrap_or(0)
    });
    let line = |cells: [&str; N]| {
        let padded: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let head = line(head);
    rows.iter().fold(head, |page, row| page + &line(std::array::from_fn(|i| row[i].as_str())))
}

/// Who reads it may have closed its end.
fn put(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_and_inert() {
        let rows =
            vec![["ada".to_owned(), "x".to_owned()], ["bob-the-second".to_owned(), text(&json!("\u{1b}[31mred"))]];
        assert_eq!(
            table(["NAME", "R"], rows),
            "NAME            R\nada             x\nbob-the-second  \u{fffd}[31mred\n"
        );
    }

    #[test]
    fn the_doctor_says_what_is_wrong() {
        assert_eq!(diagnosis(&[]), "What is stored is sound.\n");
        assert_eq!(diagnosis(&[json!("a"), json!("b")]), "- a\n- b\n");
    }
}
