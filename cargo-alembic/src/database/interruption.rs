//! The signals that end the program: Ctrl-C, and the one with which other programs end it.

use std::io;

/// The exit code of a program that Ctrl-C has ended.
const INTERRUPTED: i32 = 130;

/// The exit code of a program that another program has ended.
#[cfg(unix)]
const TERMINATED: i32 = 143;

/// Waits for a signal, and returns the exit code that says which one it was.
#[cfg(unix)]
pub(super) async fn interruption() -> io::Result<i32> {
    use std::future::poll_fn;
    use std::task::Poll;

    use tokio::signal::unix::{SignalKind, signal};

    let mut signals = [
        (signal(SignalKind::interrupt())?, INTERRUPTED),
        (signal(SignalKind::terminate())?, TERMINATED),
    ];
    poll_fn(|context| {
        let mut signals = signals.iter_mut();
        let ended = signals.find_map(|(signal, code)| match signal.poll_recv(context) {
            Poll::Ready(_) => Some(*code),
            Poll::Pending => None,
        });
        ended.map_or(Poll::Pending, |code| Poll::Ready(Ok(code)))
    })
    .await
}

/// Waits for a signal, and returns the exit code that says which one it was.
#[cfg(not(unix))]
pub(super) async fn interruption() -> io::Result<i32> {
    tokio::signal::ctrl_c().await?;
    Ok(INTERRUPTED)
}
