//! Lines of a body that does not end: cut at line feeds, however they are spread over its chunks.

/// The most bytes of a line: a transaction with its prices has a few thousand.
const LINE_MAX: usize = 1 << 20;

/// What came of a line that is not whole yet.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<u8>);

impl Lines {
    /// The lines that a chunk completes. Blank ones are none.
    ///
    /// # Errors
    /// A line that is too long.
    pub(super) fn take_in(&mut self, chunk: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let mut lines = Vec::new();
        let mut parts = chunk.split(|byte| *byte == b'\n');
        // What stands before the first line feed belongs to the line that was begun.
        if let Some(first) = parts.next() {
            self.0.extend_from_slice(first);
        }
        for part in parts {
            lines.push(std::mem::replace(&mut self.0, part.to_vec()));
        }
        if self.0.len() > LINE_MAX || lines.iter().any(|line| line.len() > LINE_MAX) {
            return Err(format!("a line of more than {LINE_MAX} bytes"));
        }
        lines.retain(|line| !line.trim_ascii().is_empty());
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_however_they_are_cut() {
        let text = b"{\"a\":1}\n\n\r\n{\"b\":2}\n{\"c\"";
        for size in 1..text.len() {
            let mut lines = Lines::default();
            let mut told = Vec::new();
            for chunk in text.chunks(size) {
                told.extend(lines.take_in(chunk).unwrap());
            }
            assert_eq!(told, [b"{\"a\":1}".to_vec(), b"{\"b\":2}".to_vec()], "in chunks of {size}");
            assert_eq!(lines.take_in(b":3}\n").unwrap(), [b"{\"c\":3}".to_vec()]);
        }
    }

    #[test]
    fn a_line_has_an_end() {
        let mut lines = Lines::default();
        let chunk = vec![b'x'; LINE_MAX];
        assert_eq!(lines.take_in(&chunk).unwrap().len(), 0);
        assert!(lines.take_in(b"x").is_err());
    }
}
