//! What is looked for, and where: every form in which a text may be written down, in outputs, in every file of a folder
//! while the program runs and after, and on command lines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

/// How many bytes of a secret are not to be seen either.
const PART: usize = 12;

/// A form of a secret, and how it is called.
struct Needle {
    name: String,
    bytes: Vec<u8>,
    /// Whether capitals are the same: hex and escapes are written in both.
    any_case: bool,
}

impl Needle {
    fn begins(&self, bytes: &[u8]) -> bool {
        let Some(bytes) = bytes.get(..self.bytes.len()) else { return false };
        if self.any_case { bytes.eq_ignore_ascii_case(&self.bytes) } else { bytes == self.bytes }
    }
}

/// Everything that is looked for.
pub struct Needles {
    all: Vec<Needle>,
    /// Which of them may begin with a byte.
    by_first: Vec<Vec<usize>>,
}

impl Needles {
    /// All forms of these secrets.
    pub fn of(secrets: &[&str]) -> Self {
        let mut all = Vec::new();
        for secret in secrets {
            let mut add = |form: &str, bytes: Vec<u8>, any_case| {
                all.push(Needle { name: format!("{form} of {secret:?}"), bytes, any_case });
            };
            add("the beginning", secret.as_bytes()[..PART].to_vec(), false);
            add("the end", secret.as_bytes()[secret.len() - PART..].to_vec(), false);
            add("hex", hex(secret), true);
            add("the URL form", percent(secret), true);
            for skipped in 0..3 {
                for alphabet in [STANDARD, URL] {
                    add("base64", base64(secret, skipped, alphabet), false);
                }
            }
        }
        let mut by_first = vec![Vec::new(); 256];
        for (n, needle) in all.iter().enumerate() {
            let first = needle.bytes[0];
            for byte in BTreeSet::from([first, first.to_ascii_uppercase(), first.to_ascii_lowercase()]) {
                by_first[usize::from(byte)].push(n);
            }
        }
        Self { all, by_first }
    }

    /// The forms that some bytes hold.
    pub fn within(&self, bytes: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        for (at, byte) in bytes.iter().enumerate() {
            for n in &self.by_first[usize::from(*byte)] {
                let needle = &self.all[*n];
                if needle.begins(&bytes[at..]) {
                    found.insert(needle.name.as_str());
                }
            }
        }
        found
    }
}

fn hex(text: &str) -> Vec<u8> {
    text.bytes().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

fn percent(text: &str) -> Vec<u8> {
    let kept = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let written = |byte: u8| if kept(&byte) { vec![byte] } else { format!("%{byte:02x}").into_bytes() };
    text.bytes().flat_map(written).collect()
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The base64 of a text, where so many bytes of it belong to what stands before: only what does not depend on its
/// neighbours, so that it is found within any other text.
fn base64(text: &str, skipped: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let whole = text.as_bytes()[skipped..].chunks_exact(3);
    let letters = |three: &[u8]| {
        let bits = three.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| alphabet[bits >> shift & 63])
    };
    whole.flat_map(letters).collect()
}

/// Looks through a folder again and again until it is stopped: files that come and go are seen too.
pub struct Watch {
    looks: Arc<Mutex<Looks>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

struct Looks {
    folder: PathBuf,
    needles: Needles,
    except: Vec<PathBuf>,
    found: BTreeSet<String>,
    /// What was searched, with the length and the time at which it was.
    seen: BTreeMap<PathBuf, (u64, Option<SystemTime>)>,
}

impl Watch {
    /// Begins to look; what `except` names is where secrets belong.
    #[expect(clippy::disallowed_methods, reason = "it looks at what another process does")]
    pub fn over(folder: &Path, needles: Needles, except: &[PathBuf]) -> Self {
        let (folder, except) = (folder.to_owned(), except.to_vec());
        let looks = Looks { folder, needles, except, found: BTreeSet::default(), seen: BTreeMap::default() };
        let (looks, is_over) = (Arc::new(Mutex::new(looks)), Arc::new(AtomicBool::new(false)));
        let (theirs, over) = (Arc::clone(&looks), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                theirs.lock().unwrap().look();
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Self { looks, is_over, thread: Some(thread) }
    }

    /// Notes what some bytes hold that are no file.
    pub fn note(&self, whose: &str, bytes: &[u8]) {
        self.looks.lock().unwrap().note(whose, bytes);
    }

    /// Looks now.
    pub fn look(&self) {
        self.looks.lock().unwrap().look();
    }

    /// Looks once more at everything, and ends: what was found, and the files that were searched, by their paths in the
    /// folder.
    pub fn ends(mut self) -> (BTreeSet<String>, BTreeSet<String>) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        let mut looks = self.looks.lock().unwrap();
        let seen = std::mem::take(&mut looks.seen);
        looks.look();
        let folder = &looks.folder;
        let inside = |path: &PathBuf| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        (looks.found.clone(), seen.keys().map(inside).collect())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl Looks {
    fn note(&mut self, whose: &str, bytes: &[u8]) {
        let found = self.needles.within(bytes).into_iter().map(|name| format!("{whose} holds {name}"));
        self.found.extend(found);
    }

    fn look(&mut self) {
        let folder = self.folder.clone();
        self.within(&folder);
    }

    /// What is gone by now was there for less than a look.
    fn within(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            self.note("the name of a file", entry.file_name().as_encoded_bytes());
            let Ok(about) = entry.metadata() else { continue };
            let face = (about.len(), about.modified().ok());
            if about.is_dir() {
                self.within(&path);
            } else if about.is_file() && !self.except.contains(&path) && self.seen.get(&path) != Some(&face) {
                let Ok(bytes) = std::fs::read(&path) else { continue };
                self.note(&path.display().to_string(), &bytes);
                self.seen.insert(path, face);
            }
        }
    }
}

/// The command line of a process and of all that it began, where the system tells.
pub fn command_lines(pid: u32) -> Vec<u8> {
    let own = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let theirs = children.split_whitespace().filter_map(|child| child.parse().ok()).flat_map(command_lines);
    own.into_iter().chain(theirs).collect()
}

#[test]
fn every_form_is_found() {
    let secret = "KEYleft/+=\"&%keyRIGHT42";
    let needles = Needles::of(&[secret]);
    let forms: [&[u8]; 9] = [
        b"before KEYleft/+=\"&%keyRIGHT42 after",
        b"KEYleft/+=\\\"&%keyRIGHT42",
        b"only KEYleft/+=\"& of it",
        b"only &%keyRIGHT42 of it",
        b"4b45596c6566742f2b3d2226256b6579524947485434322e",
        b"4B45596C6566742F2B3D2226256B657952494748543432",
        b"q=KEYleft%2F%2B%3D%22%26%25keyRIGHT42",
        b"Basic S0VZbGVmdC8rPSImJWtleVJJR0hUNDI6c2VjcmV0",
        b"q=KEYleft%2f%2b%3d%22%26%25keyRIGHT42",
    ];
    for form in forms {
        assert!(!needles.within(form).is_empty(), "{}", String::from_utf8_lossy(form));
    }
    // The same behind one and two letters more: other groups of three.
    for alphabet in [STANDARD, URL] {
        for before in ["", "a", "ab"] {
            let text = format!("{before}{secret}___");
            assert!(!needles.within(&base64(&text, 0, alphabet)).is_empty(), "{before}");
        }
    }
    assert!(needles.within(b"KEYleft and keyRIGHT42 and 4b4559").is_empty());
}
