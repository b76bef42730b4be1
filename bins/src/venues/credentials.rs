//! The keys of a broker's account: from the environment, or from a file that its owner alone may read. Nothing here can
//! be printed, and what goes wrong is told without the text it is about.

use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::Path;

use crate::config::venue::Keys;
use crate::failure::Failure;
use crate::place::Place;

/// No file of keys is longer.
const BYTES_MAX: u64 = 64 << 10;

/// Variables with their values; from a file, or those of this process.
pub(super) struct Variables(Option<BTreeMap<String, String>>);

impl Variables {
    /// What the configuration says where to find. `said` is the value of `[BROKER] credentials`.
    ///
    /// # Errors
    /// A file that cannot be read, that others may read, or that is no list of variables.
    pub(super) fn of(place: &Place, said: &str) -> Result<Self, Failure> {
        let key = format!("{}.credentials", place.broker().as_str());
        match Keys::read(said) {
            Some(Keys::File(file)) => Ok(Self(Some(read(&place.loaded.base.join(file), &key)?))),
            Some(Keys::Environment) | None => Ok(Self(None)),
        }
    }

    /// The value of a variable. What a file does not name is not looked for elsewhere, so that never half of a pair
    /// comes from one account and half from another.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        match &self.0 {
            Some(file) => file.get(name).cloned(),
            None => std::env::var(name).ok(),
        }
    }

    /// Where they are, for a person.
    pub(super) fn place(&self, said: &str) -> String {
        match &self.0 {
            Some(_) => said.trim_start_matches("file:").to_owned(),
            None => "the environment".to_owned(),
        }
    }
}

#[cfg(unix)]
fn is_loose(about: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    about.permissions().mode() & 0o077 != 0
}

/// Where modes are not known, nobody else may read.
#[cfg(not(unix))]
fn is_loose(_: &Metadata) -> bool {
    false
}

/// Reads the file that the key of the configuration names.
fn read(path: &Path, key: &str) -> Result<BTreeMap<String, String>, Failure> {
    let shown = path.display();
    let unreadable = |error: &dyn std::error::Error| {
        Failure::usage("credentials_unreadable", format!("{shown} cannot be read"))
            .because(error)
            .fix(format!("correct {key}, or set the keys in the environment"))
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    if is_loose(&file.metadata().map_err(|error| unreadable(&error))?) {
        return Err(Failure::usage("loose_credentials", format!("others may read {shown}"))
            .fix(format!("chmod 600 {shown}")));
    }
    let mut text = String::new();
    file.take(BYTES_MAX).read_to_string(&mut text).map_err(|error| unreadable(&error))?;
    variables(&text).map_err(|line| {
        let what = format!("{shown}:{line}: is no NAME=VALUE");
        Failure::usage("credentials_unreadable", what).fix("write one variable a line, as in a shell")
    })
}

/// Reads lines as a shell would, without doing anything of it; or gives the number of one that is none.
fn variables(text: &str) -> Result<BTreeMap<String, String>, usize> {
    let mut all = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').ok_or(number)?;
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
            return Err(number);
        }
        let value = value.trim();
        let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        all.insert(name.to_owned(), quoted.unwrap_or(value).to_owned());
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_a_shell_reads_them() {
        let read = variables("# keys\n\nexport A_KEY=\"one two\"\nB='3'\n C = 4=5 \nEMPTY=\n").unwrap();
        let expected = [("A_KEY", "one two"), ("B", "3"), ("C", "4=5"), ("EMPTY", "")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        assert_eq!(variables("A=1\nsecret\n"), Err(2));
        assert_eq!(variables("A B=1\n"), Err(1));
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_others_may_read_is_refused_and_its_text_told_nowhere() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("alpaca.env");
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        std::fs::write(&file, "KEY=word\nnot a line of any kind\n").unwrap();
        mode(0o640);
        assert_eq!(read(&file, "alpaca.credentials").unwrap_err().code, "loose_credentials");
        mode(0o600);
        let refused = read(&file, "alpaca.credentials").unwrap_err();
        assert_eq!(refused.code, "credentials_unreadable");
        assert!(refused.to_string().contains("alpaca.env:2") && !refused.to_string().contains("not a line"));
        std::fs::write(&file, "KEY=word\n").unwrap();
        assert_eq!(read(&file, "alpaca.credentials").unwrap().get("KEY").map(String::as_str), Some("word"));
    }
}
