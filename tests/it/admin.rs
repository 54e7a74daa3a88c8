//! `fournil admin`, on a server that runs and on the data of one that does not.

use fournil::api::{AccountSummary, Token, User};
use serde_json::{Value, json};

use crate::support::program::{Serving, admin, admin_with, run};
use crate::support::server::{PASSWORD, USER, server_with_owner};

#[tokio::test]
async fn everything_can_be_made_before_the_first_start() {
    let folder = tempfile::tempdir().unwrap();
    let dir = &folder.path().join("data");
    admin(dir, &["user", "list"]).await.expect_failure("there is no data folder");
    let user =
        admin_with(dir, &["user", "create", USER, "--role", "Owner", "--password-stdin"], &format!("{PASSWORD}\n"))
            .await;
    assert_eq!(serde_json::from_value::<User>(user.expect_ok()).unwrap().name, USER);
    admin(dir, &["account", "create", "abc", "--tag", "team=ocean"]).await.expect_ok();

    let serving = Serving::start(dir, &[]).await;
    let account = admin(dir, &["account", "show", "abc"]).await.expect_ok();
    let account = serde_json::from_value::<AccountSummary>(account).unwrap().account;
    assert_eq!(account.account_endpoint, serving.url.trim_start_matches("http://"));
    assert_eq!(account.tags["team"], "ocean");
    assert_eq!(serving.stop().await.0, Some(0));
}

#[tokio::test]
async fn the_same_words_work_on_a_running_and_on_a_stopped_server() {
    let (server, _) = server_with_owner().await;
    let dir = &server.data_dir();
    let words = |name: &'static str| async move {
        admin(dir, &["account", "create", name, "--location", "local"]).await.expect_ok();
        let keys = admin(dir, &["key", "list", name]).await.expect_ok();
        let renewed = admin(dir, &["key", "regenerate", name, "secondary"]).await.expect_ok();
        assert_eq!((&keys["accountName"], &keys["primary"]), (&json!(name), &renewed["primary"]));
        assert_ne!(keys["secondary"], renewed["secondary"]);
        let accounts: Vec<AccountSummary> =
            serde_json::from_value(admin(dir, &["account", "list"]).await.expect_ok()).unwrap();
        assert!(accounts.iter().any(|a| a.account.name == name));
        let token =
            admin(dir, &["token", "create", "--user", USER, "--description", "ci", "--days", "3"]).await.expect_ok();
        assert!(token["token"].as_str().unwrap().starts_with("fnl_"));
        let tokens: Vec<Token> = serde_json::from_value(admin(dir, &["token", "list"]).await.expect_ok()).unwrap();
        admin(dir, &["token", "revoke", &tokens[0].id]).await.expect_ok();
        admin(dir, &["token", "revoke", &tokens[0].id]).await.expect_failure("does not exist");
        assert_eq!(admin(dir, &["doctor"]).await.expect_ok(), json!({ "problems": [] }));
        admin(dir, &["account", "delete", name]).await.expect_failure("--yes");
        admin(dir, &["account", "delete", name, "--yes"]).await.expect_ok();
        admin(dir, &["account", "show", name]).await.expect_failure("does not exist");
    };
    words("running").await;
    let stopped = server.stop().await;
    words("stopped").await;
    stopped.start().await;
}

#[tokio::test]
async fn passwords_are_read_from_standard_input() {
    let (server, mut browser) = server_with_owner().await;
    let dir = &server.data_dir();
    let create = ["user", "create", "bob", "--role", "Batch Data Contributor", "--password-stdin"];
    admin_with(dir, &create, "too short\n").await.expect_failure("at least 12 characters");
    admin_with(dir, &create, "a password of Bob's\n").await.expect_ok();
    admin_with(dir, &create, "a password of Bob's\n").await.expect_failure("already exists");
    browser.sign_in("bob", "a password of Bob's").await.expect_ok();
    admin_with(dir, &["user", "password", "bob", "--password-stdin"], "another password\r\n").await.expect_ok();
    browser.sign_in("bob", "another password").await.expect_ok();
    admin(dir, &["user", "disable", "bob"]).await.expect_ok();
    browser.call("session_get", json!({})).await.expect_error(fournil::api::Code::Unauthorized);
    admin(dir, &["user", "enable", "bob"]).await.expect_ok();
    browser.sign_in("bob", "another password").await.expect_ok();
    admin(dir, &["user", "disable", USER]).await.expect_failure("last Owner");
    admin(dir, &["user", "disable", "nobody"]).await.expect_failure("user does not exist");
    admin(dir, &["user", "create", "eve", "--role", "Owner"]).await.expect_failure("--password-stdin");
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused() {
    let (server, _) = server_with_owner().await;
    let dir = server.data_dir();
    let second = run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", dir.to_str().unwrap()]).await;
    second.expect_failure("another server uses");
    assert_eq!(second.stdout, "");
}

#[tokio::test]
async fn a_data_folder_with_a_long_name_can_be_administered() {
    let folder = tempfile::tempdir().unwrap();
    let dir = &folder.path().join("long-".repeat(30)).join("data");
    let serving = Serving::start(dir, &[]).await;
    assert_eq!(admin(dir, &["account", "list"]).await.expect_ok(), json!([]));
    serving.stop().await;
}

#[tokio::test]
async fn a_backup_is_what_was_stored_and_goes_back_in_one_step() {
    let (server, _) = server_with_owner().await;
    let dir = &server.data_dir();
    let file = server.folder().join("saved.db");
    let file = file.to_str().unwrap();
    admin(dir, &["account", "create", "kept"]).await.expect_ok();
    assert_eq!(admin(dir, &["backup", file]).await.expect_ok(), json!({ "file": file }));
    admin(dir, &["backup", file]).await.expect_failure("exists");
    let into_folder = admin(dir, &["backup", server.folder().to_str().unwrap()]).await.expect_ok();
    assert!(std::fs::exists(into_folder["file"].as_str().unwrap()).unwrap());
    admin(dir, &["account", "create", "later"]).await.expect_ok();
    admin(dir, &["restore", file, "--force"]).await.expect_failure("stopped server only");

    let stopped = server.stop().await;
    admin(dir, &["restore", file]).await.expect_failure("--force");
    let kept = admin(dir, &["restore", file, "--force"]).await.expect_ok();
    assert!(std::fs::exists(format!("{}/fournil.db", kept["kept"].as_str().unwrap())).unwrap());
    let names =
        |accounts: Value| accounts.as_array().unwrap().iter().map(|a| a["account"]["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(admin(dir, &["account", "list"]).await.expect_ok()), ["kept"]);
    let _started = stopped.start().await;

    let fresh = tempfile::tempdir().unwrap();
    let fresh = &fresh.path().join("data");
    assert_eq!(admin(fresh, &["restore", file]).await.expect_ok(), json!({ "kept": null }));
    assert_eq!(names(admin(fresh, &["account", "list"]).await.expect_ok()), ["kept"]);
}

#[tokio::test]
async fn what_is_no_sound_backup_is_not_restored() {
    let (server, _) = server_with_owner().await;
    let stopped = server.stop().await;
    let dir = &stopped.data_dir();
    let junk = dir.join("junk.db");
    for bytes in [&b""[..], b"no database", &[0; 8192]] {
        std::fs::write(&junk, bytes).unwrap();
        admin(dir, &["restore", junk.to_str().unwrap(), "--force"]).await.expect_failure("no database of Fournil's");
    }
    // A page in the middle is lost.
    let mut bytes = std::fs::read(dir.join("state/fournil.db")).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xa5);
    std::fs::write(&junk, bytes).unwrap();
    admin(dir, &["restore", junk.to_str().unwrap(), "--force"]).await.expect_failure("was not restored");
    assert_eq!(admin(dir, &["doctor"]).await.expect_ok(), json!({ "problems": [] }));
    assert!(!dir.join("state.restoring").exists());
    drop(stopped.start().await);
}

#[tokio::test]
async fn the_doctor_names_what_is_wrong() {
    let (server, _) = server_with_owner().await;
    let dir = &server.data_dir();
    admin(dir, &["account", "create", "abc"]).await.expect_ok();
    server
        .server
        .cx
        .store
        .write(|conn| {
            Box::pin(async move {
                sqlx::query("UPDATE accounts SET n_jobs = 3, state = 'Lost'").execute(&mut *conn).await?;
                sqlx::query("UPDATE users SET disabled = 1").execute(&mut *conn).await?;
                Ok::<_, fournil::store::Error>(())
            })
        })
        .await
        .unwrap();
    let ended = admin(dir, &["doctor"]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let problems = serde_json::from_str::<Value>(&ended.stdout).unwrap()["problems"].to_string();
    for words in [
        "counts its pools and jobs right: abc",
        "the state of a row of accounts",
        "a disabled user has no sessions and tokens: ada",
    ] {
        assert!(problems.contains(words), "{problems}");
    }
}

#[tokio::test]
async fn wrong_words_end_with_2_and_help_names_every_command() {
    for words in [&["admin", "account", "show", "NOT-A-NAME"][..], &["admin", "nothing"], &["serve", "--nothing"]] {
        assert_eq!(run(words).await.code, Some(2), "{words:?}");
    }
    let help = run(&["admin", "--help"]).await.stdout;
    for command in ["account", "key", "user", "token", "backup", "restore", "doctor"] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
    }
    let script = run(&["completions", "bash"]).await.stdout;
    assert!(script.contains("regenerate"));
}
