//! Where something can go wrong: what was asked, and how far the order was that it was asked about.
//!
//! All of it is known where it goes wrong: a venue remembers what it was asked before, a disk sees what it is given.

use std::fmt;

use broker_api::Purpose;

/// Whether something is asked for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Round {
    /// For the first time.
    First,
    /// It was asked before, by this process or an earlier one.
    Again,
}

/// Why an order is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// Whether it arrived.
    Unknown,
    /// Whether a cancel ended it.
    Cancelling,
}

/// What the records are that are made durable together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// Something is sent when they are durable.
    Sends,
    /// What came of something that was sent, and nothing more is sent.
    Answers,
    /// Anything else.
    Other,
}

impl Holds {
    /// What records of these names are.
    pub fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        names
            .map(|name| match name {
                "intended" | "resent" | "cancel_started" | "ask_started" => Self::Sends,
                "answered" | "ask_answered" | "cancel_answered" => Self::Answers,
                _ => Self::Other,
            })
            .min()
            .unwrap_or(Self::Other)
    }
}

/// Where something can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Records are made durable.
    Commit(Holds),
    /// An order is sent.
    Submit(Purpose, Round),
    /// A cancel is sent.
    Cancel(Round),
    /// A question about an order is sent.
    Find(Doubt),
    /// A venue's log is read.
    Activity,
    /// An account is read.
    Account,
    /// What is held is read.
    Positions,
    /// What is live is read.
    Orders,
    /// The state file is written.
    StateFile,
    /// Nothing of ours: the venue, the market, or the clock acts by itself.
    World,
}

/// What kind of place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// See [`Place::Commit`].
    Commit,
    /// See [`Place::Submit`].
    Submit,
    /// See [`Place::Cancel`].
    Cancel,
    /// See [`Place::Find`].
    Find,
    /// See [`Place::Activity`].
    Activity,
    /// See [`Place::Account`].
    Account,
    /// See [`Place::Positions`] and [`Place::Orders`].
    List,
    /// See [`Place::StateFile`].
    StateFile,
    /// See [`Place::World`].
    World,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Commit,
        Self::Submit,
        Self::Cancel,
        Self::Find,
        Self::Activity,
        Self::Account,
        Self::List,
        Self::StateFile,
        Self::World,
    ];
}

impl Place {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let mut all: Vec<_> = [Holds::Sends, Holds::Answers, Holds::Other].map(Self::Commit).into();
        for round in [Round::First, Round::Again] {
            let purposes = [Purpose::Entry, Purpose::Exit, Purpose::Stop, Purpose::Target];
            all.extend(purposes.map(|purpose| Self::Submit(purpose, round)));
            all.push(Self::Cancel(round));
        }
        all.extend([Doubt::Unknown, Doubt::Cancelling].map(Self::Find));
        all.extend([
            Self::Activity,
            Self::Account,
            Self::Positions,
            Self::Orders,
            Self::StateFile,
            Self::World,
        ]);
        all
    }

    /// What kind it is.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Commit(_) => Kind::Commit,
            Self::Submit(..) => Kind::Submit,
            Self::Cancel(_) => Kind::Cancel,
            Self::Find(_) => Kind::Find,
            Self::Activity => Kind::Activity,
            Self::Account => Kind::Account,
            Self::Positions | Self::Orders => Kind::List,
            Self::StateFile => Kind::StateFile,
            Self::World => Kind::World,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = |round| if round == Round::First { "first" } else { "again" };
        match *self {
            Self::Commit(Holds::Sends) => f.pad("commit before sending"),
            Self::Commit(Holds::Answers) => f.pad("commit of answers"),
            Self::Commit(Holds::Other) => f.pad("commit of the rest"),
            Self::Submit(purpose, round) => f.pad(&format!("submit {}, {}", purpose.as_str(), again(round))),
            Self::Cancel(round) => f.pad(&format!("cancel, {}", again(round))),
            Self::Find(Doubt::Unknown) => f.pad("ask whether it arrived"),
            Self::Find(Doubt::Cancelling) => f.pad("ask whether it is cancelled"),
            Self::Activity => f.pad("read the log"),
            Self::Account => f.pad("read the account"),
            Self::Positions => f.pad("read what is held"),
            Self::Orders => f.pad("read what is live"),
            Self::StateFile => f.pad("write the state file"),
            Self::World => f.pad("the world by itself"),
        }
    }
}
