//! Bugs that somebody could really write, planted on purpose so that the checkers of the seeded world can be tried.
//!
//! Only a build with `--cfg planted` has this module, and in it nothing is wrong until one bug is chosen. In every other
//! build `planted!(..)` is `false`, and no program that trades can be built with it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Whether this bug was chosen.
#[macro_export]
macro_rules! planted {
    ($bug:ident) => {
        $crate::planted::is($crate::planted::Bug::$bug)
    };
}

macro_rules! bugs {
    ($($bug:ident: $law:literal, $broken:literal;)*) => {
        /// A bug that can be planted: one wrong line where the right one stands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Bug {
            $(#[doc = $broken] $bug,)*
        }

        impl Bug {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$bug,)*];

            /// Its name, as it stands at its place in the code.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$bug => stringify!($bug),)*
                }
            }

            /// What is broken, in plain words.
            pub const fn broken(self) -> &'static str {
                match self {
                    $(Self::$bug => $broken,)*
                }
            }

            /// What was promised.
            pub const fn law(self) -> &'static str {
                match self {
                    $(Self::$bug => $law,)*
                }
            }
        }
    };
}

bugs! {
    ResentUnasked: "silence is sent again only when absence is proven",
        "an order without an answer is sent again, and nobody asks the venue first";
    AbsentTooEarly: "absence is believed after settling",
        "absence is believed at the first answer, while the order may still arrive";
    NotYetIsAbsent: "absence needs a proof",
        "an answer that is partial, or behind, is taken for absence";
    FailedReadIsEmpty: "a failed query is not an empty account",
        "a question that failed is taken for `there is no such order`";
    TimeoutIsRefusal: "a timeout is not a rejection",
        "no answer in time is taken for a refusal";
    UnknownGivenUp: "unknown ends only by evidence, or by a person",
        "an order whose outcome nobody found out is given up";
    SendingForgotten: "what was on its way when the process died is asked about",
        "what was on its way when the process died still counts as on its way, for ever";
    QuestionNotFreed: "what was on its way when the process died is asked about",
        "a question that was under way when the process died still counts as under way, for ever";
    CancelNotRepeated: "what was on its way when the process died is asked about",
        "a cancel that was under way when the process died still counts as under way, for ever";
    NotSentIsSent: "every answer of a broker is classified",
        "an order that never left counts as taken";
    UnknownIsNotSent: "every answer of a broker is classified",
        "an order whose answer was lost counts as never sent, and is sent again";
    DuplicateIsRefusal: "every answer of a broker is classified",
        "`an order of this name is here already` is taken for a refusal";
    RefusalRetried: "silence may be sent again, an answer never",
        "a refused order is sent again";
    UnlistedRetried: "silence may be sent again, an answer never",
        "an order that was answered with a refusal in no table is sent again once the venue does not have it";
    UnfencedEntry: "a name that is free again is not sent twice",
        "an entry carries no last moment of its own at a venue that gives names free again";
    GivenUpTooSoon: "what may still arrive counts as live",
        "an order that only silence speaks against is given up at once";
    BlackoutIgnored: "what a venue does not know while it is looked after proves nothing",
        "a venue is asked while it is looked after, and believed when it knows nothing";
    AttemptNotRaised: "each attempt is announced with its number",
        "an order is sent again under the number of its first attempt";
    FreshNameOnResend: "the name of an order is derived, never new",
        "an order that is sent again gets another name";
    LegNameReused: "the name of an order is derived, and its own",
        "legs are not counted, so the second stop of a position has the name of the first";
    ExpiredResent: "an entry is not sent once its signal has expired",
        "whether a signal has expired is looked at when it is taken in, and never again";
    SentBeforeCommit: "id first, journal second, send third",
        "commands are given out at once, and their records written with the next commit";
    FailedCommitIgnored: "id first, journal second, send third",
        "commands are given out although their records could not be written";
    LastRecordSkipped: "the book is the fold of the journal",
        "the last record of the journal is not folded at the start";
    CursorNotFolded: "the book is the fold of the journal",
        "how far a venue's log was read is not folded at the start";
    FilledFromFinding: "fills come by cursor",
        "the answer to a question is booked as an execution, and the execution itself once more";
    AcceptedIsFilled: "fills come by cursor",
        "a market order that the venue took is booked as executed at once";
    PartIsAll: "an order is complete when the sum of its fills is its quantity",
        "the quantity of an execution is taken for all that was executed of the order";
    CursorBeforeEvents: "fills come by cursor",
        "of a log that comes in several pages only the last one is booked, and the cursor moves over all";
    SameOrderSamePrice: "executions count once by their name",
        "two executions of one order at one price count as one";
    ExecutionsForgotten: "executions count once by their name, in every process",
        "which executions were told is forgotten when a process starts";
    OvertakingFillDropped: "a fill is the venue's word, and wins over what was believed",
        "an execution that overtook the cancel of its order is dropped";
    BustIgnored: "busts are records too",
        "an execution that was taken back stays booked";
    CancelIsDone: "a cancel that was taken is asked, and not done",
        "an order counts as cancelled when the venue took the cancel";
    ClosedIsSkipped: "an order ends when its venue says so",
        "that a venue ended an order by itself is not noticed";
    StopNotResized: "wanted protection is what is held",
        "a stop keeps its quantity when more is held";
    StopNotMoved: "wanted protection is what is held",
        "a stop stays where it is when a signal moves it";
    SiblingStays: "wanted protection is what is held",
        "the other leg stays when one of them closed the position";
    StopWaitsForEntry: "protection follows what is held as fast as the venue allows",
        "no stop is placed before the entry is complete";
    LevelReset: "the level survives restarts",
        "a process starts at the level `trading`";
    MachineLoosens: "machines only tighten",
        "a level that a breaker set is lifted once the loss is made good";
    LevelIgnored: "no entry passes a level that forbids it",
        "the guard does not look at the level";
    ArmingIgnored: "no entry reaches real money that nobody armed",
        "the guard does not look at whether an account of real money is armed";
    DayForgotten: "the day's loss counts from the day's beginning",
        "where the account day began is forgotten when a process starts, and it begins anew at what is left";
    UnknownNotCounted: "an unknown order counts as live exposure",
        "orders of unknown outcome take no room under the limits";
    SlotsIgnoreEntries: "the most positions count what may still open",
        "only what is held takes a place under the most positions, not what is on its way";
    SignalStaysOpen: "every signal ends in exactly one outcome",
        "a signal that ended is ended again";
    SignalNeverEnds: "every signal ends in exactly one outcome",
        "an entry that was never sent leaves its signal open";
    ForgottenTooSoon: "what is done is remembered while it can matter",
        "ended signals are forgotten with the next account day, and their file is fed again";
    ExitDropped: "an exit that was taken in is carried out",
        "an exit is let go when its order comes to nothing";
    PostRepeated: "nothing in the HTTP layer repeats a command",
        "the adapter sends an order again when its connection was reset";
    GatewayIsRefusal: "every answer of a broker is classified",
        "the adapter takes the page of a gateway for a refusal";
    RowsSkipped: "a cursor is an overlapping window plus deduplication",
        "the adapter reads rows of fills from where the last one was, and waits for none that is missing";
    GoneIgnored: "busts are records too",
        "the adapter does not notice that a row it told before is gone";
    FoundByName: "absence needs a proof",
        "the adapter looks an order up by its name, which is free again once the order is over, and reads no log";
    MarketResent: "silence is sent again only when absence is proven",
        "the adapter sends a market order without an answer again, and nobody reads the log first";
    SplitStopStays: "a split changes prices as it changes units",
        "a split is booked, and the stop stays where it was";
    OutsideScored: "what others do is kept out of the strategy's figures",
        "a trade that a person or the broker closed counts as won or lost";
    UnexplainedIsMatch: "what nothing explains is said, and never made to fit",
        "a position that differs is passed over when nothing explains it";
    FailedListIsEmpty: "a failed query is not an empty account",
        "a list of positions or orders that failed is taken for one with nothing in it";
    OutsideNotBooked: "what others do is booked as what it is",
        "an execution that is none of ours is told, and moves nothing";
    OverfillKept: "what closed too much is closed in turn",
        "a position that a stop and a target opened together, the wrong way round, is kept";
    DifferenceBelievedAtOnce: "a difference is looked at twice",
        "a venue's list that is behind its log is believed at once";
    UnexplainedAdopted: "what nothing explains is said, and never made to fit",
        "the book becomes what the venue holds, and nobody is told";
    EntriesBeforeCompared: "entries wait until book and venue were compared",
        "an entry is sent before anybody looked at what the venue holds";
    BareNotMeasured: "time without a stop is measured",
        "nobody notes when a position lies without its stop";
    StopFromOrdered: "wanted protection is what is held",
        "a stop is made over what was ordered, not over what was filled";
    SiblingForgotten: "what is derived from the book survives a restart",
        "the legs of an earlier process are not cancelled when their position is closed";
    RenewalDoubled: "wanted protection is what is held",
        "with each day another stop is placed, beside one that outlived the night";
    LegsTwice: "legs that a venue makes are owned through their entry",
        "legs that the venue made of a bracket are not known, and others are placed beside them";
    TransferIsProfit: "money brought in is no profit, and money taken out no loss",
        "what losses are measured from stays where it was when money comes or goes";
    OthersClosed: "what others hold is left to them",
        "a venue is asked to close what is left of a position without a look at what else lies there";
    EntryTwice: "entries of a log count once by their name",
        "an entry that no trade made is booked each time that it is told";
    ResumeAtOnce: "what closed everything is left in two steps",
        "a person who resumes lets entries through at once, whatever closed everything";
    ResumeTooEarly: "the level has its time",
        "a person who resumes lets entries through before the time of the level has come";
    RestForgotten: "what closed everything rests for its time",
        "everything is closed, and nothing says until when entries rest";
    FlattenUnconfirmed: "what closes everything is confirmed",
        "one reading of the account closes everything";
    FlowAddsUp: "a fall keeps its share when money comes or goes",
        "what losses are measured from moves by the money itself";
    WeekNotCarried: "the week's loss is measured from the week's beginning",
        "each account day measures the week's loss from its own beginning";
    StopIgnored: "what is stopped enters nothing",
        "an entry goes through in a class, a strategy or an instrument that is stopped";
    StopEndsEarly: "machines only tighten",
        "what is stopped until a time goes on at once, by itself";
}

impl Bug {
    /// The broker whose adapter it is of, so that it shows over that wire only.
    pub const fn adapter(self) -> Option<&'static str> {
        match self {
            Self::PostRepeated | Self::GatewayIsRefusal | Self::RowsSkipped | Self::GoneIgnored => {
                Some("alpaca")
            }
            Self::FoundByName | Self::MarketResent => Some("oanda"),
            _ => None,
        }
    }
}

static CHOSEN: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Plants a bug in the whole process, in place of the one before; nothing plants none.
pub fn choose(bug: Option<Bug>) {
    CHOSEN.store(bug.map_or(usize::MAX, |bug| bug as usize), Ordering::Relaxed);
}

/// Whether this bug was chosen.
pub fn is(bug: Bug) -> bool {
    CHOSEN.load(Ordering::Relaxed) == bug as usize
}
