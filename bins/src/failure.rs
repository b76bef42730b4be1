//! How a verb ends: exit codes, and failures that say what, where, why and what to do next.

use std::fmt;

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

    /// The same with its cause, and the causes of that.
    #[must_use]
    pub fn because(mut self, cause: &dyn std::error::Error) -> Self {
        let mut cause = Some(cause);
        while let Some(error) = cause {
            self.causes.push(error.to_string());
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
        write!(f, "error[{}]: {}", self.code, self.what)?;
        for cause in &self.causes {
            write!(f, "\n  cause: {cause}")?;
        }
        if let Some(fix) = &self.fix {
            write!(f, "\n  fix:   {fix}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

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
            "error[bad_config]: tradewind.toml cannot be read\n  cause: no such file\n  fix:   name another file with --config"
        );
    }
}
