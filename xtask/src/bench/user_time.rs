//! The processor time of child processes, as Linux counts it.

use std::time::Duration;

use crate::Result;

/// How many of the kernel's ticks make a second, for programs on every Linux.
const TICKS: f64 = 100.0;

/// Measures how much time in user mode the processes took that `work` started and waited for, with
/// those that they waited for; to 10 ms.
pub(super) fn of<T>(work: impl FnOnce() -> Result<T>) -> Result<Duration> {
    let before = children()?;
    work()?;
    let ticks = children()? - before;
    Ok(Duration::from_secs_f64(ticks as f64 / TICKS))
}

/// Returns the ticks in user mode of all processes that were waited for.
fn children() -> Result<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat");
    let stat = stat.map_err(|error| format!("user time is read on Linux only: {error}"))?;
    // The name of the program, in parentheses, may hold blanks.
    let (_, fields) = stat.rsplit_once(") ").unwrap_or_default();
    let field = fields.split(' ').nth(13).unwrap_or_default();
    Ok(field.parse()?)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn time_of_children_is_counted() {
        let count = "i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done";
        let busy = of(|| Ok(Command::new("sh").args(["-c", count]).status()?)).unwrap();
        assert!(busy > Duration::ZERO);
        let idle = of(|| Ok(Command::new("true").status()?)).unwrap();
        assert!(idle < busy);
    }
}
