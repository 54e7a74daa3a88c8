//! The words of `fournil admin`.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};

use super::activity::ActivityArgs;
use super::node::NodeCommand;
use super::storage::{self, StorageCommand};
use super::{Request, call, print, restore};
use crate::api::{AccountCreate, Duration, KeyName, PublicNetworkAccess, Role, Secret, TokenLimit};
use crate::domain::ids::AccountName;
use crate::server::config::DataDirArg;

#[derive(Args, Debug)]
pub struct AdminArgs {
    #[command(flatten)]
    data_dir: DataDirArg,
    /// Prints JSON, for programs
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Batch accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Keys of accounts
    #[command(subcommand)]
    Key(KeyCommand),
    /// Users of the portal
    #[command(subcommand)]
    User(UserCommand),
    /// Personal access tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Compute nodes
    #[command(subcommand)]
    Node(NodeCommand),
    /// Blob storage
    #[command(subcommand)]
    Storage(StorageCommand),
    /// Who did what: changes, readings of keys, refused attempts
    Activity(ActivityArgs),
    /// Copies the database into a file, while the server works
    Backup {
        /// A file that does not exist yet, or a folder to put one into
        target: PathBuf,
    },
    /// Puts a backup in the place of the database; the server must be stopped
    Restore {
        /// A file that `backup` made
        file: PathBuf,
        /// Replaces a database that is there; it is kept beside the new one
        #[arg(long)]
        force: bool,
    },
    /// Checks that what is stored is sound; ends with 1 when it is not
    Doctor,
}

#[derive(Subcommand, Debug)]
enum AccountCommand {
    /// Makes an account with two new keys
    Create {
        /// 3–24 lower-case letters and digits
        name: String,
        /// Where its nodes are
        #[arg(long, default_value = "local")]
        location: String,
        /// The installation's own unless said
        #[arg(long, value_name = "UUID")]
        subscription: Option<String>,
        #[arg(long, value_name = "NAME")]
        resource_group: Option<String>,
        /// A tag; can be said again
        #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = parse_tag)]
        tags: Vec<(String, String)>,
        /// The name or resource id of a storage account to link
        #[arg(long, value_name = "ID")]
        storage_account: Option<String>,
        /// Whether programs on other machines may use the account: Enabled or Disabled
        #[arg(long, value_name = "ACCESS")]
        public_network_access: Option<PublicNetworkAccess>,
    },
    /// Lists all accounts
    List,
    /// Changes limits of an account; those that are not said stay as they are
    SetQuota(QuotaArgs),
    /// Writes starts and ends of an account's tasks into its service events, or no more
    SetTaskEvents {
        name: AccountName,
        /// true or false
        #[arg(value_name = "BOOL", action = clap::ArgAction::Set)]
        on: bool,
    },
    /// Shows an account and what it holds
    Show { name: AccountName },
    /// Deletes an account and everything in it
    Delete {
        name: AccountName,
        /// Does not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args, Debug)]
struct QuotaArgs {
    name: AccountName,
    /// Cores of dedicated nodes
    #[arg(long, value_name = "N")]
    dedicated_cores: Option<i64>,
    /// Cores of low-priority nodes
    #[arg(long, value_name = "N")]
    low_priority_cores: Option<i64>,
    #[arg(long, value_name = "N")]
    pools: Option<i64>,
    /// Active jobs and job schedules together
    #[arg(long, value_name = "N")]
    jobs: Option<i64>,
}

#[derive(Subcommand, Debug)]
enum KeyCommand {
    /// Shows both keys of an account; the log says that it was done
    List { account: AccountName },
    /// Replaces a key; the old one stops working at once
    Regenerate {
        account: AccountName,
        /// Primary or Secondary
        key: KeyName,
    },
}

#[derive(Subcommand, Debug)]
enum UserCommand {
    /// Makes a user
    Create {
        name: String,
        /// Owner, Contributor, Reader, "Batch Data Contributor" or "Batch Job Submitter"
        #[arg(long)]
        role: Role,
        #[command(flatten)]
        password: PasswordArg,
    },
    /// Lists all users
    List,
    /// Keeps a user out, and ends the user's sessions and tokens
    Disable { name: String },
    /// Lets a disabled user in again
    Enable { name: String },
    /// Sets a new password, and ends the user's sessions and tokens
    Password {
        name: String,
        #[command(flatten)]
        password: PasswordArg,
    },
}

#[derive(Args, Debug)]
struct PasswordArg {
    /// Reads the password from standard input instead of asking for it
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Subcommand, Debug)]
enum TokenCommand {
    /// Makes a token and shows it, this once
    Create {
        #[arg(long)]
        user: String,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
        /// Days until it expires, 1–366
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=366))]
        days: Option<i64>,
        /// Lets do at most what this role may, e.g. Reader
        #[arg(long)]
        role: Option<Role>,
        /// And only there: the name of an account, or the resource id of a subscription, group or account
        #[arg(long)]
        scope: Option<String>,
    },
    /// Lists tokens, without their secrets
    List {
        #[arg(long)]
        user: Option<String>,
    },
    /// Makes a token useless
    Revoke { id: String },
}

/// Does what the words say and prints the outcome.
///
/// # Errors
/// Whatever kept it from being done.
pub async fn run(args: AdminArgs) -> anyhow::Result<ExitCode> {
    let data_dir = args.data_dir.resolve()?;
    if let Command::Restore { file, force } = &args.command {
        let kept = restore::run(&data_dir, file, *force).await?;
        print::restored(kept.as_deref(), args.json);
        return Ok(ExitCode::SUCCESS);
    }
    let request = to_request(args.command)?;
    let answer = call::call(&data_dir, request.clone()).await?;
    Ok(print::outcome(&request, &answer, args.json))
}

fn to_request(command: Command) -> anyhow::Result<Request> {
    Ok(match command {
        Command::Account(command) => account_request(command)?,
        Command::Key(KeyCommand::List { account }) => Request::KeyList { account },
        Command::Key(KeyCommand::Regenerate { account, key }) => Request::KeyRegenerate { account, key },
        Command::User(command) => user_request(command)?,
        Command::Token(TokenCommand::Create { user, description, days, role, scope }) => {
            let limit = TokenLimit { role, scope };
            Request::TokenCreate { user, description, life: days.map(Duration::from_days), limit }
        }
        Command::Token(TokenCommand::List { user }) => Request::TokenList { user },
        Command::Token(TokenCommand::Revoke { id }) => Request::TokenRevoke { id },
        Command::Node(command) => Request::Node { ask: command.into() },
        Command::Storage(command) => Request::Storage { ask: storage::to_request(command)? },
        Command::Activity(args) => args.into(),
        Command::Backup { target } => Request::Backup { file: backup_file(&target)? },
        Command::Restore { .. } => bail!("a database is not restored by a running server"),
        Command::Doctor => Request::Doctor,
    })
}

fn account_request(command: AccountCommand) -> anyhow::Result<Request> {
    Ok(match command {
        AccountCommand::Create {
            name,
            location,
            subscription,
            resource_group,
            tags,
            storage_account,
            public_network_access,
        } => Request::AccountCreate {
            create: AccountCreate {
                name,
                location,
                subscription_id: subscription,
                resource_group,
                public_network_access,
                network_profile: None,
                storage_account_id: storage_account,
                tags: tags.into_iter().collect(),
                allowed_authentication_modes: Vec::new(),
            },
        },
        AccountCommand::SetQuota(QuotaArgs { name, dedicated_cores, low_priority_cores, pools, jobs }) => {
            Request::AccountSetQuota { account: name, dedicated_cores, low_priority_cores, pools, jobs }
        }
        AccountCommand::SetTaskEvents { name, on } => Request::AccountSetTaskEvents { account: name, on },
        AccountCommand::List => Request::AccountList,
        AccountCommand::Show { name } => Request::AccountShow { account: name },
        AccountCommand::Delete { name, yes } => {
            ensure!(yes || confirm(&name)?, "nothing was deleted");
            Request::AccountDelete { account: name }
        }
    })
}

fn user_request(command: UserCommand) -> anyhow::Result<Request> {
    Ok(match command {
        UserCommand::Create { name, role, password } => {
            Request::UserCreate { password: read_password(&password, &name)?, user: name, role }
        }
        UserCommand::List => Request::UserList,
        UserCommand::Disable { name } => Request::UserSetDisabled { user: name, disabled: true },
        UserCommand::Enable { name } => Request::UserSetDisabled { user: name, disabled: false },
        UserCommand::Password { name, password } => {
            Request::UserSetPassword { password: read_password(&password, &name)?, user: name }
        }
    })
}

fn parse_tag(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a tag is written NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// In a folder, a file named after the moment.
fn backup_file(target: &Path) -> anyhow::Result<PathBuf> {
    use crate::service::context::Clock;
    let target = std::path::absolute(target)?;
    if !target.is_dir() {
        return Ok(target);
    }
    let now = crate::server::clock::SystemClock.now().to_string();
    let stamp: String = now.chars().take(19).filter(|c| c.is_ascii_alphanumeric()).collect();
    Ok(target.join(format!("fournil-{stamp}Z.db")))
}

/// Deleting an account needs its name typed.
fn confirm(name: &AccountName) -> anyhow::Result<bool> {
    ensure!(std::io::stdin().is_terminal(), "say --yes to delete the account {name} and everything in it");
    eprint!("This deletes the account {name} with its pools, jobs and files. Type its name to go on: ");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim() == name.as_str())
}

fn read_password(arg: &PasswordArg, user: &str) -> anyhow::Result<Secret> {
    if arg.password_stdin {
        let mut text = String::new();
        std::io::stdin().take(64 * 1024).read_to_string(&mut text).context("no password could be read")?;
        // The line end of `echo` is no part of it.
        let text = text.strip_suffix('\n').unwrap_or(&text);
        return Ok(Secret(text.strip_suffix('\r').unwrap_or(text).to_owned()));
    }
    ensure!(std::io::stdin().is_terminal(), "there is no terminal to ask for a password: say --password-stdin");
    let first = ask_unseen(&format!("New password for {user}: "))?;
    ensure!(first == ask_unseen("The same again: ")?, "the two are not the same; nothing was changed");
    Ok(first)
}

/// Reads a line without showing it.
fn ask_unseen(prompt: &str) -> anyhow::Result<Secret> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let terminal = std::io::stdin();
    let before = tcgetattr(&terminal)?;
    let mut quiet = before.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    eprint!("{prompt}");
    tcsetattr(&terminal, OptionalActions::Flush, &quiet)?;
    let mut line = String::new();
    let read = terminal.read_line(&mut line);
    tcsetattr(&terminal, OptionalActions::Flush, &before)?;
    eprintln!();
    read?;
    Ok(Secret(line.trim_end_matches(['\n', '\r']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Admin {
        #[command(flatten)]
        args: AdminArgs,
    }

    fn parse(words: &str) -> Result<AdminArgs, clap::Error> {
        Admin::try_parse_from(format!("admin {words}").split(' ')).map(|admin| admin.args)
    }

    #[test]
    fn words_become_requests() {
        let request = |words| to_request(parse(words).unwrap().command).unwrap();
        assert!(
            matches!(request("account create abc --location local --json"), Request::AccountCreate { create } if create.name == "abc")
        );
        assert!(matches!(request("account set-task-events abc true"), Request::AccountSetTaskEvents { on: true, .. }));
        assert!(matches!(request("node preempt abc p tvm_1 --away 5"), Request::Node { .. }));
        assert!(matches!(request("key regenerate abc Primary"), Request::KeyRegenerate { key: KeyName::Primary, .. }));
        assert!(
            matches!(request("token create --user ada --days 3"), Request::TokenCreate { life: Some(life), .. } if life == Duration::from_days(3))
        );
        assert!(matches!(request("--data-dir /x doctor"), Request::Doctor));
    }

    #[test]
    fn wrong_words_are_refused() {
        for words in [
            "",
            "account",
            "account show ABC",
            "key regenerate abc Third",
            "user create ada",
            "token create --user a --days 0",
        ] {
            assert!(parse(words).is_err(), "{words}");
        }
    }

    #[test]
    fn a_deletion_without_terminal_needs_yes() {
        assert!(matches!(
            to_request(parse("account delete abc --yes").unwrap().command).unwrap(),
            Request::AccountDelete { .. }
        ));
    }

    #[test]
    fn a_backup_into_a_folder_is_named_after_the_moment() {
        let folder = tempfile::tempdir().unwrap();
        let file = backup_file(folder.path()).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(
            name.starts_with("fournil-2")
                && name.ends_with("Z.db")
                && name.len() == "fournil-20260101T000000Z.db".len(),
            "{name}"
        );
        assert_eq!(backup_file(&folder.path().join("x.db")).unwrap(), folder.path().join("x.db"));
    }
}
