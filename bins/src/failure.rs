//! How a verb ends: exit codes, and failures that say what, where, why and what to do next.

use std::fmt;

use crate::help::{self, Kind};

/// The exit codes. Their order here is their precedence: when several apply, the first wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 1: something that should not happen.
    Unexpected,
    /// 2: usage, configuration or input.
    Usage,
    /// 5: the broker is not available, or an outcome is unknown.
    Unavailable,
    /// 4: book and broker disagree.
    Divergence,
    /// 3: halted.
    Halted,
    /// 6: signals were denied or rejected, and the caller wants to be told so.
    Denied,
    /// 0: done.
    Done,
}

impl Exit {
    /// As the process ends with.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::Halted => 3,
            Self::Divergence => 4,
            Self::Unavailable => 5,
            Self::Denied => 6,
        }
    }
}

/// A verb that could not do what it was asked to.
#[derive(Debug)]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// A short name that programs can branch on.
    pub code: &'static str,
    /// What went wrong, with the file or key it is about.
    pub what: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What to do next.
    pub fix: Option<String>,
}

impl Failure {
    /// A failure without causes or advice yet.
    pub fn new(exit: Exit, code: &'static str, what: impl Into<String>) -> Self {
        Self { exit, code, what: what.into(), causes: Vec::new(), fix: None }
    }

    /// Bad usage, configuration or input.
    pub fn usage(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, code, what)
    }

    /// The number of its page.
    pub fn number(&self) -> Option<&'static str> {
        help::number(Kind::Failure, self.code)
    }

    /// The same with its cause, and the causes of that.
    #[must_use]
    pub fn because(mut self, cause: &dyn std::error::Error) -> Self {
        let mut cause = Some(cause);
        while let Some(error) = cause {
            let text = error.to_string();
            // Some errors say their cause themselves.
            if self.causes.last().is_none_or(|outer| !outer.contains(&text)) {
                self.causes.push(text);
            }
            cause = error.source();
        }
        self
    }

    /// The same with what to do next.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number();
        write!(f, "error[{}]: {}", number.unwrap_or(self.code), plain(&self.what))?;
        for cause in &self.causes {
            write!(f, "\n  cause: {}", plain(cause))?;
        }
        if let Some(fix) = &self.fix {
            write!(f, "\n  fix:   {}", plain(fix))?;
        }
        match number {
            Some(number) => write!(f, "\n  more:  tradewind help {number}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// Text for standard error: further lines are set in, and nothing in it moves a terminal.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.trim_end().chars() {
        match letter {
            '\n' => plain.push_str("\n         "),
            letter if letter.is_control() => plain.extend(letter.escape_default()),
            letter => plain.push(letter),
        }
    }
    plain
}

impl From<anyhow::Error> for Failure {
    /// What nobody foresaw.
    fn from(error: anyhow::Error) -> Self {
        let mut failure = Self::new(Exit::Unexpected, "unexpected", error.to_string());
        failure.causes = error.chain().skip(1).map(ToString::to_string).collect();
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_ends_the_process() {
        let ordered = [
            Exit::Unexpected,
            Exit::Usage,
            Exit::Unavailable,
            Exit::Divergence,
            Exit::Halted,
            Exit::Denied,
            Exit::Done,
        ];
        assert!(ordered.is_sorted());
        assert_eq!(ordered.map(Exit::code), [1, 2, 5, 4, 3, 6, 0]);
    }

    #[test]
    fn a_failure_says_what_why_and_what_next() {
        let failure = Failure::usage("bad_config", "tradewind.toml cannot be read")
            .because(&std::io::Error::other("no such file"))
            .fix("name another file with --config");
        assert_eq!(
            failure.to_string(),
            "error[TW0102]: tradewind.toml cannot be read\n  cause: no such file\n  fix:   name another file with --config\n  \
             more:  tradewind help TW0102"
        );
    }

    #[test]
    fn a_cause_that_is_said_already_is_not_said_twice() {
        #[derive(Debug)]
        struct Outer(std::io::Error);
        impl fmt::Display for Outer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "the file: {}", self.0)
            }
        }
        impl std::error::Error for Outer {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.0)
            }
        }
        let failure = Failure::usage("bad_config", "no").because(&Outer(std::io::Error::other("gone")));
        assert_eq!(failure.causes, ["the file: gone"]);
    }

    #[test]
    fn what_others_wrote_cannot_move_a_terminal() {
        let failure = Failure::usage("not_found", "no signal is called \u{1b}[2Jx\ny");
        let text = failure.to_string();
        assert!(text.starts_with("error[TW0204]: no signal is called \\u{1b}[2Jx\n         y\n"), "{text}");
    }
}
