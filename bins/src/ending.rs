//! The signal to end, for a process that goes on until somebody wants it to.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{Exit, Failure};

/// Whether somebody wants it to end.
#[derive(Clone, Debug)]
pub struct Ending(Arc<AtomicBool>);

impl Ending {
    /// Begins to listen for it.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn watch() -> Result<Self, Failure> {
        let wanted = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&wanted);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let runtime = runtime.map_err(|error| no_thread(&error))?;
        let signals = {
            let _inside = runtime.enter();
            listened().map_err(|error| no_thread(&error))?
        };
        let listen = move || {
            runtime.block_on(signals);
            told.store(true, Ordering::Release);
        };
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(listen)
            .map_err(|error| no_thread(&error))?;
        Ok(Self(wanted))
    }

    /// Whether it does.
    pub fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

#[cfg(unix)]
fn listened() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupted, mut ended) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = ended.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn listened() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        // Without it the process ends as the system ends it, which loses nothing.
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// A thread that was not to be had.
pub fn no_thread(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Unexpected, "no_runtime", "a part of the process could not be begun")
        .because(error)
        .fix("free what the cause names, and start again; nothing was taken in")
}
