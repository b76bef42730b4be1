//! Sessions: a file is told in the same way every time; cut after any line it is told up to there; and no more comes out
//! equal than was recorded.

use engine::session::{End, Reproduced, SessionFault, reproduce};

use super::world::assert_said;

/// A session file.
pub fn sessions(data: &[u8]) {
    let told = match reproduce(data) {
        Ok(told) => told,
        Err(fault) => {
            assert_said(&fault.to_string());
            return;
        }
    };
    let again = reproduce(data).unwrap();
    assert_eq!(seen(&again), seen(&told), "told in two ways");
    assert!(again.book == told.book);
    assert!(told.book.seq() >= told.head.seq && told.head.seq >= told.from.seq);
    let lines = data.split_inclusive(|byte| *byte == b'\n').count();
    assert!(told.inputs + told.commits < lines as u64);
    if let End::Broken(fault) = &told.end {
        assert_said(&fault.to_string());
    }
    // Cut after a line in the middle.
    let middle = data.len() / 2;
    let Some(end) = data[..middle].iter().rposition(|byte| *byte == b'\n') else { return };
    let part = match reproduce(&data[..=end]) {
        Ok(part) => part,
        Err(fault) => panic!("the beginning of a session is none: {fault}"),
    };
    assert!(part.commits <= told.commits && part.inputs <= told.inputs + lines as u64);
    let is_cut = matches!(&told.end, End::Broken(SessionFault::Cut { line }) if *line <= part.commits);
    assert!(!is_cut, "{:?}", told.end);
    if let (End::Differs(first), End::Differs(second)) = (&part.end, &told.end) {
        assert_eq!((first.line, first.now), (second.line, second.now));
    }
}

fn seen(told: &Reproduced) -> String {
    let Reproduced { version, at, journal, from, head, inputs, commits, untold, end, .. } = told;
    format!("{version} {at} {journal} {from:?} {head:?} {inputs} {commits} {untold} {end:?}")
}
