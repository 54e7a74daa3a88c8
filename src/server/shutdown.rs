//! The word that it is time to stop, for everything that goes on until then.

use tokio::sync::watch;

/// Says it.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

/// Hears it.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<bool>);

pub fn channel() -> (Stop, Stopping) {
    let (sender, receiver) = watch::channel(false);
    (Stop(sender), Stopping(receiver))
}

impl Stop {
    pub fn now(&self) {
        self.0.send_replace(true);
    }
}

impl Stopping {
    /// Returns when it is time; also when nobody can say so any more.
    pub async fn wait(&mut self) {
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
