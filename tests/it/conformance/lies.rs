//! The lies, and which case is there for which.

/// One lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// Executions are not told.
    HidesFills,
    /// What is sold short is told as held.
    TurnsSign,
    /// A limit order that rests is told to have been cancelled.
    EndsResting,
    /// Executions are told a little worse than they were.
    WorsePrices,
    /// Whatever waits for a price is executed at once.
    WakesAtOnce,
    /// A stop-limit order is a stop order.
    ForgetsLimit,
    /// A trailing stop stays where it was.
    DoesNotTrail,
    /// Whatever its time in force, an order lives until cancelled.
    AlwaysGtc,
    /// Whatever its time in force, an order lives for the day.
    AlwaysDay,
    /// An order that is executed in part is told to be whole.
    PartIsWhole,
    /// Nothing is told to be executed of an order that was cancelled.
    ForgetsParts,
    /// A cancel is taken, and nothing is done.
    KeepsCancelled,
    /// A cancelled order is told to be executed, once its cancel was seen.
    ExecutesCancelled,
    /// Every cancel is said to be taken.
    TakesEveryCancel,
    /// An order that is cancelled twice is told to live again.
    LivesAgain,
    /// A second order of a name is another order.
    RenamesSecond,
    /// Executions are told under another name.
    LosesNames,
    /// Another process finds nothing.
    FindsNothing,
    /// Everything is found, live.
    FindsEverything,
    /// The first event after a place on the way is passed over.
    SkipsOne,
    /// What was told three times is told no more.
    ForgetsNow,
    /// A place that one process read to has nothing behind it for the next.
    ForgetsAtRestart,
    /// All executions have one name.
    OneExecution,
    /// Executions are told by half.
    TellsHalf,
    /// Without a place it is read from its end.
    BeginsAtTheEnd,
    /// At its end it does not say that it is the end.
    NeverComplete,
    /// The last is told first.
    Backwards,
    /// The average price is of something else.
    WrongAverage,
    /// What is closed is told as held, with nothing.
    ListsFlat,
    /// What it is worth does not move.
    EquityStands,
    /// What can be bought does not move.
    PowerStands,
    /// The figures are of another account.
    OtherAccount,
    /// Time stands.
    TimeStands,
    /// Days are told twice.
    DaysTwice,
    /// Nothing is refused.
    RefusesNothing,
    /// It has rules for everything.
    KnowsEverything,
    /// The least is no whole number of lots.
    BadRules,
    /// What may only reduce may do everything.
    ForgetsReduceOnly,
    /// It says that it takes fewer kinds than it does.
    SaysLess,
    /// It refuses what it says that it keeps.
    KeepsNothing,
    /// Legs are told without their entry.
    OrphansLegs,
    /// What was live is told to live when it is over.
    LegsStay,
    /// Legs are told under names of the venue's own.
    RenamesLegs,
    /// It says that it closed a position, and does nothing.
    KeepsPosition,
    /// The kinds of live orders are not told.
    HidesKinds,
    /// Put off is told as unknown.
    ThrottledIsUnknown,
    /// Bad credentials are told as something that passes.
    KeysPass,
    /// What was taken back is not told.
    HidesBusts,
    /// No answer is told as a refusal.
    SilenceIsRefusal,
    /// What rests is told to be executed.
    ExecutesInTheNight,
    /// It hints that the stream began, and of nothing after that.
    HintsOnce,
    /// What the stream did not tell is not in its log.
    RestsOnItsStream,
    /// An order that the session ended is told to live.
    PartsLiveOn,
    /// An order whose cancel is under way is told to be cancelled.
    CancelsAtOnce,
    /// It refuses stops that it says that it keeps.
    KeepsNoStops,
    /// It says that a live order binds what it would close, and does not mind.
    SaysItBinds,
}

use Lie as L;

/// For each case the lie that it is there for, and what it says of that: the words of that very demand, so that one that fails
/// on its way there, or for another reason, has not found the liar.
const LIES: &[(u16, Lie, &str)] = &[
    (1, L::WorsePrices, "at about 100: "),
    (2, L::ListsFlat, "0 must be held, and it says 1"),
    (3, L::TurnsSign, "-10 must be held, and it says 10"),
    (4, L::EndsResting, "must rest: VenueOrder"),
    (5, L::WorsePrices, "not above 95: "),
    (6, L::WorsePrices, "at the price there is: "),
    (7, L::WorsePrices, "not below 105: "),
    (8, L::WakesAtOnce, "must rest: VenueOrder"),
    (9, L::WakesAtOnce, "must rest: VenueOrder"),
    (10, L::ForgetsLimit, "must rest: VenueOrder"),
    (11, L::DoesNotTrail, "must end as Filled: "),
    (12, L::AlwaysGtc, "must end as Expired: "),
    (13, L::AlwaysDay, "must rest: VenueOrder"),
    (14, L::AlwaysGtc, "must end as Cancelled: "),
    (15, L::AlwaysGtc, "must end as Cancelled: "),
    (16, L::AlwaysGtc, "must end as Expired: "),
    (17, L::PartIsWhole, "4 of 10, and it lives: "),
    (18, L::ForgetsParts, "4 were executed, and that stays: "),
    (19, L::PartsLiveOn, "must end as Expired: "),
    (20, L::KeepsCancelled, "must end as Cancelled: "),
    (21, L::TakesEveryCancel, "it is executed, so it is too late: Accepted"),
    (22, L::TakesEveryCancel, "there is nothing to cancel: Accepted"),
    (23, L::LivesAgain, "a second cancel changed it: "),
    (24, L::ExecutesCancelled, "it was cancelled before its price came: "),
    (25, L::LegsStay, "it was cancelled, and is among the live ones: "),
    (26, L::KeepsCancelled, "-s must end as Cancelled: "),
    (27, L::CancelsAtOnce, "a cancel that is under way is no end: "),
    (30, L::RenamesSecond, "it must say that the name is taken: Accepted"),
    (31, L::RenamesSecond, "it must say that the name is taken: Accepted"),
    (32, L::LosesNames, "no execution has the name of its order: "),
    (33, L::EndsResting, "it rests: "),
    (34, L::ForgetsParts, "10 were executed: "),
    (35, L::KeepsCancelled, "must end as Cancelled: "),
    (36, L::FindsEverything, "it was refused: "),
    (37, L::FindsEverything, "it was never sent: "),
    (38, L::FindsNothing, "another process: "),
    (39, L::HidesFills, "two orders of one name were executed, and its log tells 0"),
    (40, L::ForgetsNow, "read again it is otherwise: "),
    (41, L::SkipsOne, "in steps "),
    (42, L::ForgetsAtRestart, "before and after "),
    (43, L::OneExecution, "each has a name of its own: "),
    (44, L::TellsHalf, "says that 10 were executed, and its executions are [Fill"),
    (45, L::BeginsAtTheEnd, "from the beginning these are missing: "),
    (46, L::NeverComplete, "after the end: "),
    (47, L::Backwards, "its executions, and then its end: "),
    (48, L::Backwards, "the earlier first: "),
    (50, L::WrongAverage, "bought at 100.01, and it says Some(Price(77))"),
    (52, L::ListsFlat, "0 must be held, and it says 1"),
    (53, L::EquityStands, "it must be worth about 100 more: "),
    (54, L::PowerStands, "with 10 held"),
    (55, L::OtherAccount, "it must be one: "),
    (56, L::TimeStands, "two seconds passed, and its time went from "),
    (57, L::DaysTwice, "each date once, in order: "),
    (58, L::TurnsSign, "-4 must be held, and it says 4"),
    (59, L::KeepsPosition, "0 must be held, and it says 10"),
    (60, L::RefusesNothing, "it must be refused: Accepted"),
    (61, L::RefusesNothing, "it must be refused: Accepted"),
    (62, L::RefusesNothing, "it must be refused: Accepted"),
    (63, L::RefusesNothing, "it must be refused: Accepted"),
    (64, L::KnowsEverything, "nobody trades it: Ok(Some("),
    (65, L::BadRules, "they cannot be kept: "),
    (66, L::ForgetsReduceOnly, "0 must be held, and it says -10"),
    (67, L::ForgetsReduceOnly, "0 must be held, and it says -6"),
    (68, L::SaysLess, "it must be refused: Accepted"),
    (69, L::KeepsNothing, "buy 10 limit: Refused"),
    (70, L::ExecutesInTheNight, "must rest: VenueOrder"),
    (71, L::OrphansLegs, "a stop and a target of the entry: []"),
    (72, L::LegsStay, "nothing must be left: "),
    (73, L::HidesKinds, "is told as Some("),
    (74, L::RenamesLegs, "-s must live: "),
    (75, L::RefusesNothing, "it must be refused: Accepted"),
    (76, L::KeepsNoStops, "buy 2 stop: Refused"),
    (77, L::SaysItBinds, "it must be refused: Accepted"),
    (78, L::FindsEverything, "it was refused, and is found as "),
    (80, L::SilenceIsRefusal, "nobody answered: Refused"),
    (81, L::FindsEverything, "it was lost: Found"),
    (82, L::HidesFills, "says that 10 were executed, and its executions are []"),
    (83, L::ThrottledIsUnknown, "it was put off: Unknown"),
    (84, L::KeysPass, "a person is needed: "),
    (85, L::HidesBusts, "its log does not tell that the execution was taken back"),
    (90, L::HintsOnce, "no hint came though an order was executed"),
    (91, L::RestsOnItsStream, "says that 10 were executed, and its executions are []"),
];

/// The lie that a case is there for, and the words in which the case says so.
pub(super) fn of(case: u16) -> Option<(Lie, &'static str)> {
    LIES.iter().find(|(number, ..)| *number == case).map(|(_, lie, says)| (*lie, *says))
}
