//! The most memory that this process has in use, as Linux counts it.

use crate::Result;

/// Measures the most bytes that the process had in use while `work` ran.
pub(super) fn of<T>(work: impl FnOnce() -> Result<T>) -> Result<u64> {
    // This makes the peak what is in use now.
    std::fs::write("/proc/self/clear_refs", "5")
        .map_err(|error| format!("memory is measured on Linux only: {error}"))?;
    work()?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
    let peak: u64 = peak.ok_or("no peak is counted")?.parse()?;
    Ok(peak * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_that_was_in_use_is_counted() {
        const MORE: usize = 64 << 20;
        let idle = of(|| Ok(())).unwrap();
        let busy = of(|| Ok(std::hint::black_box(vec![1_u8; MORE]).len())).unwrap();
        assert!(busy > idle + MORE as u64 / 2, "{busy} after {idle}");
        let again = of(|| Ok(())).unwrap();
        assert!(again < busy, "{again} after {busy}");
    }
}
