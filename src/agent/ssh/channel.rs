//! One channel: hears what is to be run, lets the node's loop run it, and carries bytes between the process and the client.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::time::Duration;

use hyper::body::Bytes;
use russh::server::{Handle, Msg};
use russh::{Channel, ChannelId, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::terminal::{self, Terminal};
use super::users::Visitor;
use super::{Ask, Begin, Program, Session};

/// Variables that a client may set: the language, by name and beginning.
const VARIABLES: [&str; 2] = ["LANG", "LC_"];
const MOST_VARIABLES: usize = 20;
const LONGEST_COMMAND: usize = 128 * 1024;
/// What a process has not read yet is kept up to here; then its client has to wait.
const MOST_WAITING: usize = 16 << 20;
/// How long output is waited for when no process is left that could write any.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Until the channel is closed.
pub(super) async fn serve(
    mut channel: Channel<Msg>,
    handle: &Handle,
    asks: &mpsc::UnboundedSender<Ask>,
    visitor: Visitor,
) {
    let id = channel.id();
    let Some((program, wishes)) = hear(&mut channel, handle).await else { return };
    let (reply, answer) = oneshot::channel();
    let Wishes { terminal, variables } = wishes;
    let _ = asks.send(Ask::Begin(Begin { visitor, program, terminal, variables, reply }));
    match answer.await {
        Ok(Ok(session)) => {
            let _ = handle.channel_success(id).await;
            let number = session.number;
            if let Some(code) = carry(channel, handle, session).await {
                let _ = handle.exit_status_request(id, code as u32).await;
                let _ = handle.eof(id).await;
                let _ = handle.close(id).await;
            }
            let _ = asks.send(Ask::End { session: number });
        }
        Ok(Err(error)) => refuse(handle, id, &format!("fournil: {error}\r\n")).await,
        Err(_) => refuse(handle, id, "").await,
    }
}

async fn refuse(handle: &Handle, id: ChannelId, why: &str) {
    let _ = handle.channel_success(id).await;
    let _ = handle.extended_data(id, 1, why.to_owned()).await;
    let _ = handle.exit_status_request(id, 255).await;
    let _ = handle.eof(id).await;
    let _ = handle.close(id).await;
}

#[derive(Default)]
struct Wishes {
    terminal: Option<Terminal>,
    variables: Vec<(String, String)>,
}

/// What the client wants to run; nothing when it goes without having said so.
async fn hear(channel: &mut Channel<Msg>, handle: &Handle) -> Option<(Program, Wishes)> {
    let id = channel.id();
    let mut wishes = Wishes::default();
    loop {
        let is_granted = match channel.wait().await? {
            ChannelMsg::RequestPty { term, col_width, row_height, .. } => {
                wishes.terminal = Some(Terminal { kind: term, columns: col_width, rows: row_height });
                true
            }
            ChannelMsg::SetEnv { variable_name, variable_value, .. } => wishes.take(variable_name, variable_value),
            ChannelMsg::RequestShell { .. } => return Some((Program::Shell, wishes)),
            ChannelMsg::Exec { command, .. } => match String::from_utf8(command) {
                Ok(command) if command.len() <= LONGEST_COMMAND && !command.contains('\0') => {
                    return Some((Program::Command(command), wishes));
                }
                _ => false,
            },
            ChannelMsg::RequestSubsystem { name, .. } if name == "sftp" => {
                return Some((Program::Sftp, Wishes { terminal: None, ..wishes }));
            }
            ChannelMsg::RequestSubsystem { .. } | ChannelMsg::RequestX11 { .. } | ChannelMsg::AgentForward { .. } => {
                false
            }
            ChannelMsg::Close => return None,
            _ => continue,
        };
        let _ = match is_granted {
            true => handle.channel_success(id).await,
            false => handle.channel_failure(id).await,
        };
    }
}

impl Wishes {
    fn take(&mut self, name: String, value: String) -> bool {
        let is_language = name == VARIABLES[0] || name.starts_with(VARIABLES[1]);
        let is_plain = |text: &str| text.len() < 200 && text.bytes().all(|b| b.is_ascii_graphic() && b != b'=');
        let fits = is_language && is_plain(&name) && is_plain(&value) && self.variables.len() < MOST_VARIABLES;
        if fits {
            self.variables.push((name, value));
        }
        fits
    }
}

/// Carries bytes both ways. The exit code when the process ended; nothing when the client went before it.
async fn carry(channel: Channel<Msg>, handle: &Handle, session: Session) -> Option<i32> {
    let id = channel.id();
    let (mut from_client, to_client) = channel.split();
    let output = copy_out(session.output, to_client.make_writer());
    let errors = session.errors.and_then(|errors| copy_out(errors, to_client.make_writer_ext(Some(1))));
    let mut input = Input::new(session.input);
    let mut exit = session.exit;
    let code = loop {
        tokio::select! {
            ended = &mut exit => break ended.unwrap_or(255),
            message = from_client.wait(), if input.has_room() => match message {
                Some(ChannelMsg::Data { data }) => input.waiting.push_back(data),
                Some(ChannelMsg::Eof) => input.is_complete = true,
                Some(ChannelMsg::WindowChange { col_width, row_height, .. }) => {
                    if let Some(terminal) = &session.terminal {
                        let _ = terminal::set_size(terminal, col_width, row_height);
                    }
                }
                Some(ChannelMsg::RequestShell { .. } | ChannelMsg::Exec { .. } | ChannelMsg::RequestSubsystem { .. }) => {
                    let _ = handle.channel_failure(id).await;
                }
                None | Some(ChannelMsg::Close) => return give_up([output, errors]),
                Some(_) => {}
            },
            () = input.pass_on(), if input.has_work() => {}
        }
    };
    for copying in [output, errors].into_iter().flatten() {
        let mut copying = copying;
        if tokio::time::timeout(LAST_WORDS, &mut copying).await.is_err() {
            copying.abort();
        }
    }
    drain(from_client, to_client);
    Some(code)
}

fn give_up(copying: [Option<JoinHandle<()>>; 2]) -> Option<i32> {
    copying.into_iter().flatten().for_each(|copying| copying.abort());
    None
}

/// What the client still says is not wanted any more, but must not hold up its connection.
fn drain(mut from_client: ChannelReadHalf, to_client: ChannelWriteHalf<Msg>) {
    tokio::spawn(async move {
        while !matches!(from_client.wait().await, None | Some(ChannelMsg::Close)) {}
        drop(to_client);
    });
}

/// Nothing when the descriptor cannot be waited on, which the kernel allows for all that sessions have.
fn copy_out(from: OwnedFd, mut to: impl AsyncWrite + Send + Unpin + 'static) -> Option<JoinHandle<()>> {
    let mut from = Receiver::from_owned_fd_unchecked(from).ok()?;
    Some(tokio::spawn(async move {
        // A terminal ends with an error when its last user has gone.
        let _ = tokio::io::copy(&mut from, &mut to).await;
        let _ = to.flush().await;
    }))
}

/// What is on its way to the process. The channel is read on while the process is busy: it may be so because nobody takes
/// what it says.
struct Input {
    to: Option<Sender>,
    waiting: VecDeque<Bytes>,
    is_complete: bool,
}

impl Input {
    fn new(to: OwnedFd) -> Self {
        let to = Sender::from_owned_fd_unchecked(to).ok();
        Input { to, waiting: VecDeque::new(), is_complete: false }
    }

    fn has_room(&self) -> bool {
        self.waiting.iter().map(Bytes::len).sum::<usize>() < MOST_WAITING
    }

    fn has_work(&self) -> bool {
        !self.waiting.is_empty() || (self.is_complete && self.to.is_some())
    }

    /// Can be given up at any moment without losing or repeating a byte.
    async fn pass_on(&mut self) {
        let Some(to) = &mut self.to else { return self.waiting.clear() };
        match self.waiting.front_mut() {
            Some(data) if data.is_empty() => drop(self.waiting.pop_front()),
            Some(data) => match to.write(data).await {
                Ok(length) => drop(data.split_to(length)),
                // The process has closed its input: the rest goes nowhere, as in a shell.
                Err(_) => self.to = None,
            },
            None => self.to = None,
        }
    }
}
