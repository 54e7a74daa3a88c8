//! The native program. Reads the command line and calls the library.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use fournil::server::admin::AdminArgs;
use fournil::server::config::{Config, LogFormat, ServeArgs};
use fournil::server::{Options, Portal, Server, clock::SystemClock, ids::SystemRandom, telemetry};
use tokio::signal::unix::{SignalKind, signal};

/// A batch service with a web portal that speaks Azure Batch's REST API and runs tasks on your own machines
#[derive(Parser)]
#[command(name = "fournil", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server: portal, REST API, state and scheduler
    Serve {
        #[command(flatten)]
        args: Box<ServeArgs>,
        /// Prints the settings in force, as a file for --config, and ends
        #[arg(long)]
        print_config: bool,
    },
    /// Runs one compute node; the server starts it
    Agent {
        /// The node's folder
        #[arg(long)]
        dir: PathBuf,
    },
    /// Moves a task's files; an agent starts it
    #[command(hide = true)]
    Transfer,
    /// Serves a remote user's files; an agent starts it
    #[command(hide = true)]
    Sftp,
    /// What an operator does at the machine: accounts, keys, users, tokens, backups, checks
    Admin(AdminArgs),
    /// Prints a script that completes these commands in a shell
    Completions { shell: clap_complete::Shell },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve { args, print_config } => serve(*args, print_config),
        Command::Agent { dir } => fournil::agent::run(&dir).map(|()| ExitCode::SUCCESS),
        Command::Transfer => return fournil::agent::transfer::run(),
        Command::Sftp => return fournil::agent::sftp::run(),
        Command::Admin(args) => admin(args),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Arguments::command(), "fournil", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("fournil: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(args: ServeArgs, print_config: bool) -> anyhow::Result<ExitCode> {
    let config = Config::load(args)?;
    if print_config {
        say(&config.to_string());
        return Ok(ExitCode::SUCCESS);
    }
    telemetry::start(&config.log, config.log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let options = Options {
            config,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            portal: Portal::built(),
            provider: None,
            agent_program: None,
        };
        let server = Server::start(options).await.context("the server cannot start")?;
        say(&format!("Fournil is ready at {}\n", server.url));
        if let Some(address) = server.metrics_address {
            say(&format!("Metrics are at http://{address}/metrics\n"));
        }
        if let Some(link) = &server.set_up_link {
            say(&format!("Set up the first user (link works once, for 1 hour): {link}\n"));
        }
        if let Some(file) = &server.authority_file {
            say(&format!("Programs and browsers are to trust its certificates by {}\n", file.display()));
        }
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        server.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

fn admin(args: AdminArgs) -> anyhow::Result<ExitCode> {
    // Only what goes wrong: the outcome is printed.
    telemetry::start("warn", LogFormat::Text)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(fournil::server::admin::run(args))
}

/// Prints what other programs read. Who started the server may have closed its end.
fn say(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
