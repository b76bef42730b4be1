//! A seed is one story, whoever plays it; and a checker that is left out finds nothing.

use super::*;

#[test]
fn a_seed_is_one_story() {
    let manner = Manner::paper();
    let options = Options { trace: true, ..Options::default() };
    let one = play(11, &manner, &options).unwrap();
    let two = play(11, &manner, &options).unwrap();
    assert_eq!(one.trace, two.trace);
    assert!(one.inputs > 100);
}

#[test]
fn whoever_is_left_out_is_named() {
    let names = check::names();
    let once_each: BTreeSet<_> = names.iter().copied().collect();
    assert_eq!(once_each.len(), names.len(), "{names:?}");
    for name in names {
        let options = Options { blind: Some(name), ..Options::default() };
        assert_eq!(play(4, &Manner::ibkr(), &options).unwrap().violation, None, "without {name}");
    }
}

#[test]
fn a_world_that_breaks_a_checker_says_so_unless_it_is_left_out() {
    for name in [check::FOLD, check::REPORTED, check::REST] {
        let seen = |blind| {
            let options = Options { blind, ..Options::default() };
            let world = World::new(1, Manner::paper(), &options).unwrap();
            world.fails(name, || "broken".into()).err().map(|violation| violation.checker)
        };
        assert_eq!((seen(None), seen(Some(name))), (Some(name), None));
    }
}
