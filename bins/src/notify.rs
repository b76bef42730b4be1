//! What systemd is told, when it asks for it (`Type=notify`, `WatchdogSec=`).

#[cfg(unix)]
use sd_notify::NotifyState;

/// It takes signals in.
pub fn ready() {
    #[cfg(unix)]
    tell(NotifyState::Ready);
}

/// It decides still.
pub fn watchdog() {
    #[cfg(unix)]
    tell(NotifyState::Watchdog);
}

/// It ends.
pub fn stopping() {
    #[cfg(unix)]
    tell(NotifyState::Stopping);
}

/// Nobody listens where systemd does not; what it does not hear it acts upon itself.
#[cfg(unix)]
fn tell(what: NotifyState<'_>) {
    let _ = sd_notify::notify(&[what]);
}
