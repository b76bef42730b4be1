//! A process that dies anywhere, and one whose file fails anywhere, give the log of one that never did.

use broker_api::{CancelOutcome, Finding};

use super::*;
use crate::venue::log::Fault;

/// The process died.
#[derive(Debug)]
struct Killed;

/// What disturbs a run, at its call of this number.
#[derive(Clone, Copy)]
enum Trouble {
    Kill(usize),
    Fault(usize, Fault),
    None,
}

/// A process with a venue: it counts its calls.
struct Process<'a> {
    venue: &'a PaperVenue,
    calls: &'a mut usize,
    trouble: Trouble,
}

impl Process<'_> {
    fn call<T>(&mut self, call: impl FnOnce(&PaperVenue) -> T) -> Result<T, Killed> {
        *self.calls += 1;
        let set = |fault| self.venue.state.lock().unwrap().log.fault = fault;
        match self.trouble {
            Trouble::Kill(at) if at == *self.calls => return Err(Killed),
            Trouble::Fault(at, fault) if at == *self.calls => set(Some(fault)),
            _ => {}
        }
        let answer = call(self.venue);
        set(None);
        Ok(answer)
    }

    fn send(&mut self, intent: &Intent) -> Result<(), Killed> {
        // Silence may be sent again, once absence is proven.
        for _ in 0..3 {
            if matches!(now(self.venue.find(intent.id, mark(), sent())).unwrap(), Finding::Found { .. }) {
                return Ok(());
            }
            let outcome = self.call(|venue| now(venue.submit(intent, mark())))?;
            assert!(accepted(&outcome) || matches!(outcome, SubmitOutcome::Unknown { .. }), "{outcome:?}");
        }
        panic!("{} is not found", intent.id)
    }

    fn take_back(&mut self, order: ClientOrderId) -> Result<(), Killed> {
        while now(self.venue.open_orders()).unwrap().iter().any(|open| open.id == Some(order)) {
            let outcome = self.call(|venue| now(venue.cancel(order)))?;
            assert!(matches!(outcome, CancelOutcome::Accepted | CancelOutcome::Unknown { .. }));
        }
        Ok(())
    }

    /// Does what follows from the log and the time; nothing the second time.
    fn decide(&mut self) -> Result<(), Killed> {
        let Ok(time) = now(self.venue.clock()) else { return Ok(()) };
        for (at, intent) in [
            (day(0), buy("e1")),
            (day(1), limit("e2", "101")),
            (day(2), Intent { key: Key { venue: n("paper"), symbol: n("MSFT") }, ..buy("e3") }),
            (day(4), buy("e4")),
        ] {
            if time >= at {
                self.send(&intent)?;
            }
        }
        for event in events(self.venue) {
            let VenueEvent::Filled(fill) = event else { continue };
            let name = fill.order.as_str();
            let (kind, number) = name.split_at(1);
            if kind == "e" {
                let leg = |intent: Intent| Intent { key: fill.key, ..intent };
                self.send(&leg(trailing(&format!("s{number}"), "4")))?;
                let order = OrderKind::Limit(Limit { limit: fill.price.moved(n("6")).unwrap() });
                let target = stop(&format!("t{number}"), "1");
                self.send(&leg(Intent { order, purpose: Purpose::Target, ..target }))?;
            } else {
                let other = if kind == "s" { "t" } else { "s" };
                self.take_back(id(&format!("{other}{number}")))?;
            }
        }
        Ok(())
    }

    fn run(&mut self) -> Result<(), Killed> {
        self.decide()?;
        let from = self.venue.last_played();
        for moment in script().iter().filter(|moment| from.is_none_or(|from| moment.at() >= from)) {
            self.call(|venue| venue.play(moment))?.unwrap();
            loop {
                let more = self.call(PaperVenue::next_event)?;
                self.decide()?;
                if matches!(more, Ok(false)) {
                    break;
                }
            }
        }
        self.call(PaperVenue::flush).map(drop)
    }
}

fn script() -> Vec<Moment> {
    let mut all = Vec::new();
    for (d, aapl, msft) in [
        (0, ["100", "101", "99", "100"], ["50", "51", "49", "50"]),
        (1, ["102", "105", "102", "104"], ["50", "52", "50", "52"]),
        (2, ["104", "109", "100", "103"], ["52", "53", "51", "52"]),
        (3, ["103", "104", "98", "99"], ["52", "60", "52", "59"]),
        (4, ["99", "100", "95", "97"], ["59", "59", "54", "55"]),
        (5, ["97", "104", "96", "103"], ["55", "56", "55", "56"]),
    ] {
        let (a, m) = (moments("AAPL", d, aapl), moments("MSFT", d, msft));
        all.extend([a[0], m[0], a[1], m[1], a[2], m[2]]);
    }
    all
}

/// Runs processes until one comes to the end; gives its log, its account and how many calls there were.
fn world(trouble: Trouble) -> (Vec<Line>, broker_api::Account, usize) {
    let place = Place::new();
    let (mut calls, mut trouble) = (0, trouble);
    loop {
        let venue = place.open();
        if let Ok(()) = (Process { venue: &venue, calls: &mut calls, trouble }).run() {
            return (lines(&venue), now(venue.account()).unwrap(), calls);
        }
        trouble = Trouble::None;
    }
}

#[test]
fn a_kill_at_any_step_leaves_the_log_of_a_run_without_one() {
    let (log, account, calls) = world(Trouble::None);
    let told = |kind| log.iter().filter(|line| line.kind == kind).count();
    assert!(told("accepted") >= 10 && told("event") >= 10, "{log:#?}");
    for at in 1..=calls {
        let (other, equal, _) = world(Trouble::Kill(at));
        assert_eq!(other, log, "killed at call {at}");
        assert_eq!(equal, account, "killed at call {at}");
    }
}

#[test]
fn a_file_that_fails_at_any_step_leaves_the_log_of_a_run_without_that() {
    let (log, account, calls) = world(Trouble::None);
    for fault in [Fault::Lost, Fault::Doubtful] {
        for at in 1..calls {
            let (other, equal, _) = world(Trouble::Fault(at, fault));
            assert_eq!(other, log, "failed at call {at}");
            assert_eq!(equal, account, "failed at call {at}");
        }
    }
}
