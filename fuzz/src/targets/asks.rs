//! What lies in the folders beside a state: whatever is read of it is written down as the same, and is told each time in the
//! same words; no other is taken for one.

use super::world::{assert_said, monday};

/// A file that ends in `.ask`, and the other files that processes leave for each other: answers, signals that are handed
/// over, signs of life, who holds a lock, drills, evaluations of a gate.
pub fn asks(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match cli::check_ask(text) {
        Ok(written) => assert_eq!(cli::check_ask(&written).as_ref(), Ok(&written), "from {text:?}"),
        Err(said) => assert_said(&said),
    }
    let (written, told) = cli::check_left(text, monday());
    assert_eq!(cli::check_left(text, monday()), (written.clone(), told.clone()));
    for once in written {
        let (again, _) = cli::check_left(&once, monday());
        assert!(again.contains(&once), "{once} from {text:?}");
    }
    for told in told {
        assert_said(&told);
    }
}
