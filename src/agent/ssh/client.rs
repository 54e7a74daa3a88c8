//! One connection: who it is, and for how long it is welcome.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::Algorithm;
use russh::server::ChannelOpenHandle;
use russh::server::{Auth, Config, Handler, Msg, PublicKeyOffer, Session, VerifiedPublicKey, run_stream};
use russh::{Channel, ChannelOpenFailure, MethodKind, MethodSet, SshId};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::users::{self, Visitor};
use super::{House, channel};
use crate::agent::clock;
use crate::api::Secret;

/// How long a stranger may take to say who it is. Source: OpenSSH's default is longer.
const LOGIN_GRACE: Duration = Duration::from_secs(60);
/// A refusal takes so long whatever its reason.
const REFUSAL: Duration = Duration::from_millis(300);
/// Source: the default of OpenSSH's server.
const MOST_ATTEMPTS: usize = 6;
/// Source: the same.
const MOST_CHANNELS: usize = 10;
/// A client that does not answer three of these is gone.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Until the client is gone, or is not welcome any more.
pub(super) async fn serve(stream: TcpStream, from: SocketAddr, house: Arc<House>) {
    let Ok(to_cut) = rustix::io::fcntl_dupfd_cloexec(&stream, 3) else { return };
    let _ = stream.set_nodelay(true);
    let (entered, mut visitor) = watch::channel(None);
    let client = Client { house: Arc::clone(&house), from, entered, n_channels: Arc::default() };
    let connection = async {
        let greeting = run_stream(Arc::new(config(&house)), stream, client);
        if let Ok(Ok(running)) = tokio::time::timeout(LOGIN_GRACE, greeting).await {
            drop(running.await);
        }
    };
    tokio::select! {
        () = connection => return,
        () = until_unwelcome(&house, &mut visitor) => {}
    }
    // The connection's own task sees the end of its stream, whatever it is doing.
    let _ = rustix::net::shutdown(&to_cut, rustix::net::Shutdown::Both);
}

fn config(house: &House) -> Config {
    let has_passwords = house.users.borrow().iter().any(|user| user.password_hash.is_some());
    let methods: &[MethodKind] =
        if has_passwords { &[MethodKind::PublicKey, MethodKind::Password] } else { &[MethodKind::PublicKey] };
    Config {
        server_id: SshId::Standard("SSH-2.0-Fournil".into()),
        methods: MethodSet::from(methods),
        auth_rejection_time: REFUSAL,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![house.key.private()],
        max_auth_attempts: MOST_ATTEMPTS,
        inactivity_timeout: None,
        keepalive_interval: Some(KEEPALIVE),
        nodelay: true,
        ..Config::default()
    }
}

/// Returns when nobody has logged in in time, or when the one who has may not be here any more.
async fn until_unwelcome(house: &House, visitor: &mut watch::Receiver<Option<Visitor>>) {
    let logging_in = tokio::time::timeout(LOGIN_GRACE, visitor.wait_for(Option::is_some));
    // Cloned at once: the lock is not held while others are waited for.
    let logged_in = logging_in.await.map(|visitor| visitor.map(|visitor| visitor.clone()));
    let visitor = match logged_in {
        Ok(Ok(visitor)) => visitor,
        // Not logged in, or the connection has ended, which its own branch says.
        Err(_) => return,
        Ok(Err(_)) => return std::future::pending().await,
    };
    let Some(visitor) = visitor else { return };
    let mut users = house.users.clone();
    while visitor.is_welcome(&users.borrow_and_update(), clock::now()) {
        if users.changed().await.is_err() {
            return;
        }
    }
    tracing::info!(user = visitor.name, "a remote user may not stay: the connection is cut");
}

struct Client {
    house: Arc<House>,
    from: SocketAddr,
    entered: watch::Sender<Option<Visitor>>,
    /// Channels hold a share each.
    n_channels: Arc<()>,
}

impl Client {
    fn enter(&self, visitor: Visitor, how: &str) -> Auth {
        tracing::info!(user = visitor.name, from = %self.from, how, "a remote user has logged in");
        self.entered.send_replace(Some(visitor));
        Auth::Accept
    }

    fn refuse(&self, user: &str, why: &str) -> Auth {
        let user: String = user.chars().take(64).collect();
        tracing::warn!(user, from = %self.from, why, "a remote login was refused");
        Auth::reject()
    }
}

impl Handler for Client {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        let now = clock::now();
        if self.house.throttle.begin(user, self.from.ip(), now).is_err() {
            return Ok(self.refuse(user, "too many attempts"));
        }
        let known = users::find(&self.house.users.borrow(), user, now).cloned();
        let hash = known.as_ref().and_then(|user| user.password_hash.clone());
        // Also for nobody, so that it takes as long.
        let is_right = self.house.hasher.verify(Secret(password.to_owned()), hash).await;
        match known.filter(|_| is_right) {
            Some(known) => {
                self.house.throttle.succeeded(user, self.from.ip());
                Ok(self.enter(Visitor::of(&known), "password"))
            }
            None => Ok(self.refuse(user, "wrong name or password")),
        }
    }

    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Self::Error> {
        let users = self.house.users.borrow();
        let known = users::find(&users, user, clock::now());
        let is_known = known.is_some_and(|user| users::has_key(user, offer.public_key));
        Ok(if is_known && !is_broken(offer.algorithm) { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        let known = users::find(&self.house.users.borrow(), user, clock::now()).cloned();
        let known = known.filter(|user| users::has_key(user, key.public_key) && !is_broken(key.algorithm));
        Ok(match known {
            Some(known) => self.enter(Visitor::of(&known), "key"),
            None => self.refuse(user, "not the user's key"),
        })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let visitor = self.entered.borrow().clone();
        let Some(visitor) = visitor.filter(|_| Arc::strong_count(&self.n_channels) <= MOST_CHANNELS) else {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
            return Ok(());
        };
        reply.accept().await;
        let (share, asks, handle) = (Arc::clone(&self.n_channels), self.house.asks.clone(), session.handle());
        tokio::spawn(async move {
            channel::serve(channel, &handle, &asks, visitor).await;
            drop(share);
        });
        Ok(())
    }
}

/// RSA signatures over SHA-1 can be forged.
fn is_broken(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::Rsa { hash: None } | Algorithm::Dsa)
}
