//! The lines of a file and the cells in them, as bytes in memory that is used again.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::FeedError;
use super::cells::MOST_BYTES;

/// The most cells that a row can have a meaning for.
pub(super) const MOST_CELLS: usize = 8;
/// How much of a file is held at a time. A line must fit, so that no file can take more memory than this.
const SPACE: usize = 64 * 1024;

/// A cell that was read as a number; an empty one is nought, of no bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Plain {
    /// The digits, without the point.
    pub(super) number: i64,
    /// How many of them stand behind the point.
    pub(super) places: u32,
    /// How many bytes it has.
    pub(super) length: usize,
}

/// The rows of a file, one after the other.
#[derive(Debug)]
pub(super) struct Rows {
    path: PathBuf,
    file: File,
    /// The part of the file that is held: up to `end`, the row itself from `begin` on.
    space: Box<[u8]>,
    begin: usize,
    /// Where the next line begins.
    next: usize,
    end: usize,
    line: u64,
    /// Where the first cells of the row begin and end, counted from its beginning.
    cells: [(usize, usize); MOST_CELLS],
    count: usize,
    /// Where the text lies of a line that was read in one go.
    word: (usize, usize),
}

impl Rows {
    /// Opens a file before its first line.
    pub(super) fn open(path: &Path) -> Result<Self, FeedError> {
        let file = FeedError::open(path)?;
        let space = vec![0; SPACE].into_boxed_slice();
        let cells = [(0, 0); MOST_CELLS];
        Ok(Self {
            path: path.to_owned(),
            file,
            space,
            begin: 0,
            next: 0,
            end: 0,
            line: 0,
            cells,
            count: 0,
            word: (0, 0),
        })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The line that the row stands in, from 1.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// How many cells the row has.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Reads the next line that is not blank; false at the end. A last line without a line end counts as complete:
    /// nothing tells whether its last cell was cut.
    pub(super) fn advance(&mut self) -> Result<bool, FeedError> {
        loop {
            self.line += 1;
            if !self.find().map_err(|error| error.at(self.line))? {
                return Ok(false);
            }
            if self.count > 1 || !self.is_blank() {
                return Ok(true);
            }
        }
    }

    /// A cell of the row, without the blanks and quotes around it; empty when there is none.
    #[inline]
    pub(super) fn cell(&self, place: usize) -> &[u8] {
        let Some((from, to)) = self.cells.get(place).filter(|_| place < self.count) else { return &[] };
        let cell = self.space.get(self.begin + from..self.begin + to).unwrap_or_default();
        match cell {
            [] => cell,
            [one] if one.is_ascii_graphic() => cell,
            [first, .., last] if first.is_ascii_graphic() && *first != b'"' && last.is_ascii_graphic() => {
                cell
            }
            _ => bare(cell),
        }
    }

    /// Reads the next line in one go into `plain` when it is written as plainly as can be: a cell for each place there, all of
    /// them plain numbers but the one at `word`, which is any short text without quotes, and all of it held already: then
    /// [`Rows::word`] is that text, and nothing else of the line is asked for. Otherwise nothing is done, and the line is left
    /// to [`Rows::advance`].
    #[inline]
    pub(super) fn quick(&mut self, plain: &mut [Plain], word: usize) -> Option<()> {
        let held = self.space.get(self.next..self.end)?;
        let (last, mut at, mut text) = (plain.len().checked_sub(1)?, 0, 0..0);
        for (place, cell) in plain.iter_mut().enumerate() {
            let rest = held.get(at..)?;
            if place == word {
                let is_part = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b',' | b'"');
                text = at..at + rest.iter().position(|byte| !is_part(byte))?;
                at = text.end;
            } else {
                *cell = Plain::first_of(rest)?;
                at += cell.length;
            }
            match held.get(at)? {
                b',' if place < last => {}
                b'\n' if place == last => {}
                _ => return None,
            }
            at += 1;
        }
        self.begin = self.next;
        self.next += at;
        self.line += 1;
        self.word = (self.begin + text.start, self.begin + text.end);
        Some(())
    }

    /// The text in the line that was read in one go.
    #[inline]
    pub(super) fn word(&self) -> &[u8] {
        self.space.get(self.word.0..self.word.1).unwrap_or_default()
    }

    /// Goes back before the line that was read in one go.
    pub(super) fn back(&mut self) {
        self.next = self.begin;
        self.line -= 1;
    }

    /// Finds the end of the next line and the cells in it; false when there is no more line.
    fn find(&mut self) -> Result<bool, FeedError> {
        self.begin = self.next;
        self.count = 0;
        let (mut from, mut looked) = (0, 0);
        let length = loop {
            let ahead = self.space.get(self.begin + looked..self.end).unwrap_or_default();
            let (words, rest) = ahead.as_chunks::<8>();
            // What is left of fewer than eight bytes is filled up with zeros, which are neither comma nor line end.
            let mut last = [0; 8];
            last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
            let mut end = None;
            'words: for (word, base) in words.iter().chain([&last]).zip((looked..).step_by(8)) {
                let word = u64::from_le_bytes(*word);
                let line_ends = places(word, b'\n');
                let mut found = places(word, b',') | line_ends;
                while found != 0 {
                    let at = base + (found.trailing_zeros() / 8) as usize;
                    if found & found.wrapping_neg() & line_ends != 0 {
                        end = Some(at);
                        break 'words;
                    }
                    if let Some(cell) = self.cells.get_mut(self.count) {
                        *cell = (from, at);
                    }
                    self.count += 1;
                    from = at + 1;
                    found &= found - 1;
                }
            }
            if let Some(end) = end {
                self.next = self.begin + end + 1;
                let is_crlf = end > from && self.space.get(self.begin + end - 1) == Some(&b'\r');
                break end - usize::from(is_crlf);
            }
            looked += ahead.len();
            if self.fill()? == 0 {
                self.next = self.end;
                if looked == 0 {
                    return Ok(false);
                }
                break looked;
            }
        };
        if let Some(cell) = self.cells.get_mut(self.count) {
            *cell = (from, length);
        }
        self.count += 1;
        Ok(true)
    }

    /// Reads more of the file behind what is held of the row; nothing at its end.
    fn fill(&mut self) -> Result<usize, FeedError> {
        self.space.copy_within(self.begin..self.end, 0);
        self.end -= self.begin;
        self.begin = 0;
        let free = self.space.get_mut(self.end..).unwrap_or_default();
        if free.is_empty() {
            let why = format!("is longer than {SPACE} bytes");
            return Err(FeedError::new(&self.path, why, "give the file line ends, one row per line"));
        }
        loop {
            match self.file.read(free) {
                Ok(read) => {
                    self.end += read;
                    return Ok(read);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(FeedError::unreadable(&self.path, &error)),
            }
        }
    }

    /// Whether a row of one cell holds nothing at all.
    fn is_blank(&self) -> bool {
        let (from, to) = self.cells[0];
        let row = self.space.get(self.begin + from..self.begin + to).unwrap_or_default();
        std::str::from_utf8(row).is_ok_and(|row| row.trim().is_empty())
    }
}

impl Plain {
    /// The number that bytes begin with; nothing when it is not written plainly, or so long that it might not fit into 64 bits.
    #[inline]
    fn first_of(bytes: &[u8]) -> Option<Self> {
        let (number, whole) = digits(bytes, 0);
        if bytes.get(whole) != Some(&b'.') {
            return (whole <= MOST_BYTES).then_some(Self { number, places: 0, length: whole });
        }
        let (number, places) = digits(bytes.get(whole + 1..)?, number);
        let length = whole + 1 + places;
        // A point stands between digits.
        (whole > 0 && places > 0 && length <= MOST_BYTES).then_some(Self {
            number,
            places: u32::try_from(places).ok()?,
            length,
        })
    }
}

/// The number that the digits at the beginning make behind those of `number`, and how many they are. Of more than fit it is any
/// number.
#[inline]
fn digits(bytes: &[u8], mut number: i64) -> (i64, usize) {
    for (at, byte) in bytes.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return (number, at);
        }
        number = number.wrapping_mul(10).wrapping_add(i64::from(digit));
    }
    (number, bytes.len())
}

/// The bytes of a word that are `byte`: of each of them the highest bit is set, and no other.
const fn places(word: u64, byte: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const EACH: u64 = 0x0101_0101_0101_0101;
    let differing = word ^ (EACH * byte as u64);
    // Adding reaches the highest bit of a byte when any bit below is set, and never the next byte.
    !(((differing & LOW) + LOW) | differing | LOW)
}

/// A cell without the blanks, marks of the byte order and quotes around it. What is no text is left as it is.
fn bare(cell: &[u8]) -> &[u8] {
    let Ok(text) = std::str::from_utf8(cell) else { return cell };
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).as_bytes()
}
