//! Schedules beside each other: as many at a time as there are processors.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

/// Calls `act` with each number below `count`, in their order, on all processors. A processor whose call says that it is
/// enough takes no further one.
///
/// # Panics
/// When a call does.
pub fn abreast(count: u64, act: impl Fn(u64) -> ControlFlow<()> + Sync) {
    let next = AtomicU64::new(0);
    let takes = || loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= count || act(n).is_break() {
            return;
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(takes);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn each_number_comes_once_and_none_after_enough() {
        let seen = Mutex::new(Vec::new());
        abreast(100, |n| {
            seen.lock().unwrap().push(n);
            ControlFlow::Continue(())
        });
        let seen = seen.into_inner().unwrap();
        assert_eq!(seen.len(), 100);
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), (0..100).collect());
        let calls = AtomicU64::new(0);
        abreast(u64::MAX, |_| {
            calls.fetch_add(1, Ordering::Relaxed);
            ControlFlow::Break(())
        });
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        assert_eq!(calls.into_inner(), threads as u64);
    }
}
