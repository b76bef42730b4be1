//! What the server's tasks share: the broker, the log of its wire, and what is done to it.

use broker_api::Time;
use serde_json::Value;

use super::Face;
use super::bystander::Bystander;
use super::faults::{Counted, RequestRule};
use super::wire::{Reply, Request};
use super::wire_log::WireLog;

/// All that the server's tasks share.
pub(super) struct Inner {
    pub(super) face: Box<dyn Face>,
    pub(super) log: WireLog,
    pub(super) rules: Vec<Counted<RequestRule>>,
    pub(super) bystander: Option<Box<dyn Bystander>>,
    /// Requests on their way, with the moment at which each arrives.
    pub(super) late: Vec<(Time, Request)>,
    pub(super) maintenance_until: Option<Time>,
    pub(super) sockets: u64,
}

impl Inner {
    pub(super) fn new(face: Box<dyn Face>, log: WireLog) -> Self {
        let (rules, late) = (Vec::new(), Vec::new());
        Self { face, log, rules, bystander: None, late, maintenance_until: None, sockets: 0 }
    }

    /// Lets everything happen that falls due up to a moment: late requests arrive in their order.
    pub(super) fn play_to(&mut self, to: Time) -> Result<(), String> {
        while let Some(place) = self.first_late(to) {
            let (at, request) = self.late.remove(place);
            self.face.move_to(at.max(self.face.now()))?;
            self.face.answer(&request);
        }
        self.face.move_to(to)
    }

    /// The same for a clock that runs, up to now.
    pub(super) fn catch_up(&mut self) {
        while let Some(place) = self.first_late(self.face.now()) {
            let (_, request) = self.late.remove(place);
            self.face.catch_up();
            self.face.answer(&request);
        }
        self.face.catch_up();
    }

    /// Lets late requests arrive before their time.
    pub(super) fn late_arrive(&mut self) {
        self.face.catch_up();
        while let Some(place) = self.first_late(Time::MAX_UTC) {
            let (_, request) = self.late.remove(place);
            self.face.answer(&request);
        }
    }

    pub(super) fn answered(
        &mut self,
        seq: u64,
        request: &Request,
        reply: Option<&Reply>,
        fault: Option<&Value>,
    ) {
        self.log.answer(seq, reply, fault);
        if let Some(bystander) = &mut self.bystander {
            bystander.answered(request, reply);
        }
    }

    fn first_late(&self, until: Time) -> Option<usize> {
        let due = |(_, (at, _)): &(usize, &(Time, Request))| *at <= until;
        self.late.iter().enumerate().filter(due).min_by_key(|(_, (at, _))| *at).map(|(place, _)| place)
    }
}
