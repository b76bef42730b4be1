//! The book held against what a venue says it holds: what differs is looked at twice before it is believed, and what
//! nothing explains stops entries there until a person repairs it.

use std::collections::BTreeMap;

use broker_api::{
    Code, Held, Holdings, Key, Protection, Reason, Record, Repair, Repaired, Time, VenueId, planted,
};
use chrono::TimeDelta;
use state::Illegal;
use state::reconcile::{Explained, Says, Verdict, reconcile};

use super::protection::BOUND;
use super::{AGAIN, Step};
use crate::input::Operator;

/// How long a difference that nothing explains must last before it is believed.
const CONFIRM: TimeDelta = AGAIN;
/// How long an order on its way explains one: longer than executions take to appear in any log.
const LATE: TimeDelta = TimeDelta::minutes(3);
/// How often a venue is asked about an order that it does not list.
const ASK_AGAIN: TimeDelta = TimeDelta::seconds(60);
const POSITION_DIFFERS: Code = Code::fixed("position_differs");

/// A difference that was seen and is not believed yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suspect {
    there: Held,
    code: Code,
    since: Time,
    is_unexplained: bool,
}

/// All of them. Scratch: a fresh desk looks anew.
pub(super) type Suspects = BTreeMap<Key, Suspect>;

impl Step<'_> {
    /// Holds the book against what the venue holds.
    pub(super) fn holdings(&mut self, venue: VenueId, holdings: &Holdings) -> Result<(), Illegal> {
        let found = reconcile(self.book, venue, holdings, self.now);
        for id in found.missing {
            let is_due = self.book.order(id).is_some_and(|row| {
                !row.asking && row.asked_at.is_none_or(|asked| asked + ASK_AGAIN <= self.now)
            });
            if is_due {
                self.ask(id)?;
            }
        }
        let known: Vec<Key> = self.suspects.keys().copied().filter(|key| key.venue == venue).collect();
        for key in known {
            if !found.verdicts.iter().any(|verdict| verdict.key == key) {
                self.suspects.remove(&key);
            }
        }
        for verdict in &found.verdicts {
            self.judge(venue, verdict)?;
        }
        if self.suspects.keys().any(|key| key.venue == venue) {
            let again = self.now + CONFIRM;
            self.due_at(again);
        }
        Ok(())
    }

    fn judge(&mut self, venue: VenueId, verdict: &Verdict) -> Result<(), Illegal> {
        let key = verdict.key;
        let (reason, patience) = match &verdict.says {
            Says::Match | Says::Explained(Explained::Outside) => {
                self.suspects.remove(&key);
                if matches!(verdict.says, Says::Match) && self.is_left_alone_too_long(key) {
                    return self.left_alone_no_more(venue, verdict);
                }
                return self.agreed(venue, verdict);
            }
            Says::Explained(Explained::FeeInKind { back }) => {
                self.suspects.remove(&key);
                return self.put(Record::FeeSettled { key, back: *back });
            }
            Says::Explained(explained) => {
                let text = format!(
                    "the book holds {}, {venue} holds {}, and {} has not explained it in {} s",
                    verdict.ours,
                    verdict.there,
                    explained.as_str(),
                    LATE.num_seconds()
                );
                (Reason::plain(POSITION_DIFFERS, text), LATE)
            }
            Says::Unexplained(reason) => (reason.clone(), CONFIRM),
        };
        let (there, code) = (verdict.there, reason.code);
        let since = match self.suspects.get(&key) {
            Some(known) if known.there == there && known.code == code => known.since,
            _ => self.now,
        };
        self.suspects.insert(key, Suspect { there, code, since, is_unexplained: patience == CONFIRM });
        if since + patience > self.now && !planted!(DifferenceBelievedAtOnce) {
            return Ok(());
        }
        self.suspects.remove(&key);
        if planted!(UnexplainedAdopted) {
            let with = Repaired {
                repair: Repair::TrustBroker,
                there,
                average: verdict.average,
                plan: Protection::default(),
                until: None,
            };
            let (name, reason) = ("nobody".into(), "it differs".into());
            return self.put(Record::Repaired { venue, key: Some(key), with, name, reason });
        }
        let is_said = self.book.diverged().any(|(known, divergence)| {
            known == key && divergence.reason.code == reason.code && divergence.there == Some(there)
        });
        if is_said {
            return Ok(());
        }
        self.put(Record::Diverged { venue, key: Some(key), reason, fill: None, there: Some(there) })
    }

    /// Whether the time is over for which a person wanted left alone what lies beside ours.
    fn is_left_alone_too_long(&self, key: Key) -> bool {
        let is_over =
            self.book.outside(key).and_then(|outside| outside.until).is_some_and(|until| until <= self.now);
        is_over && !self.book.diverged().any(|(diverged, _)| diverged == key)
    }

    /// Nothing of it is there any more.
    fn left_alone_no_more(&mut self, venue: VenueId, verdict: &Verdict) -> Result<(), Illegal> {
        let with = Repaired {
            repair: Repair::TrustBroker,
            there: verdict.there,
            average: verdict.average,
            plan: Protection::default(),
            until: None,
        };
        let reason = "what was left alone for a time is not there any more".into();
        self.put(Record::Repaired { venue, key: Some(verdict.key), with, name: "tradewind".into(), reason })
    }

    /// A divergence stands until a person has looked, and no more is closed meanwhile than both hold. Where both have moved
    /// since, and say the same again, that is what both hold.
    fn agreed(&mut self, venue: VenueId, verdict: &Verdict) -> Result<(), Illegal> {
        let (key, there) = (verdict.key, verdict.there);
        let known = self.book.diverged().find(|(known, _)| *known == key).map(|(_, divergence)| divergence);
        let Some(known) = known.filter(|known| known.there.is_some_and(|before| before != there)) else {
            return Ok(());
        };
        let (reason, fill) = (known.reason.clone(), known.fill);
        self.put(Record::Diverged { venue, key: Some(key), reason, fill, there: Some(there) })
    }

    /// Until when nothing that closes is sent in an instrument of which the venue was seen to hold something else, and nothing
    /// explains it. A reading ends the doubt, and not the time: what is sent a moment before could open what is not held. Where
    /// no reading comes, the doubt ends with the time that a position may lie without its stop.
    pub(super) fn doubted(&self, key: Key) -> Option<Time> {
        let suspect = self.suspects.get(&key).filter(|suspect| suspect.is_unexplained)?;
        // The log told since then what made the difference.
        let beside = self.book.outside(key).map_or(Held::FLAT, |outside| outside.held);
        if suspect.code == POSITION_DIFFERS && self.book.held(key).moved(beside).ok() == Some(suspect.there) {
            return None;
        }
        let until = (suspect.since + CONFIRM).max(self.now + AGAIN);
        Some(until).filter(|_| suspect.since + BOUND > self.now)
    }

    /// A person's repair, by what the venue was last seen to hold. Without a reading there is nothing to go by.
    pub(super) fn repair(&mut self, act: &Operator) -> Result<(), Illegal> {
        let Operator::Repair { venue, key, repair, plan, until, name, why } = act else { return Ok(()) };
        let (there, average) = match key {
            None => (Held::FLAT, None),
            Some(key) => match self.market.there(*key) {
                Some(seen) => seen,
                None => return Ok(()),
            },
        };
        let with = Repaired { repair: *repair, there, average, plan: *plan, until: *until };
        if let Some(key) = key {
            self.suspects.remove(key);
        }
        self.put(Record::Repaired { venue: *venue, key: *key, with, name: name.clone(), reason: why.clone() })
    }
}
