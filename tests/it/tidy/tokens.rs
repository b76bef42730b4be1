//! A reader of Rust text that is just good enough for the tidy checks: words, numbers, signs and the line each
//! stands on. Comments are gone, every string is `""`. It knows no grammar beyond the end of an item.

/// One word, number or sign.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    /// Its text; `""` for any string, `''` for any character.
    pub(super) text: &'a str,
    /// Counts from 1.
    pub(super) line: usize,
}

/// The words of a source file.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut reader = Reader { text, at: 0, line: 1 };
    let mut found = Vec::new();
    while let Some(token) = reader.next(found.last().is_some_and(|t: &Token<'_>| t.text == ".")) {
        found.push(token);
    }
    found
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip(&mut self, bytes: usize) -> &'a str {
        let passed = &self.rest()[..bytes];
        self.line += passed.matches('\n').count();
        self.at += bytes;
        passed
    }

    /// The next token; `after_dot` tells a field's number from a fraction.
    fn next(&mut self, after_dot: bool) -> Option<Token<'a>> {
        loop {
            let rest = self.rest();
            let first = rest.chars().next()?;
            if first.is_whitespace() {
                self.skip(first.len_utf8());
            } else if rest.starts_with("//") {
                self.skip(rest.find('\n').unwrap_or(rest.len()));
            } else if rest.starts_with("/*") {
                self.skip(block_comment(rest));
            } else {
                let line = self.line;
                let text = self.token(first, after_dot);
                return Some(Token { text, line });
            }
        }
    }

    fn token(&mut self, first: char, after_dot: bool) -> &'a str {
        let rest = self.rest();
        if let Some(length) = string(rest) {
            self.skip(length);
            return "\"\"";
        }
        if let Some(length) = character(rest) {
            self.skip(length);
            return "''";
        }
        if first.is_ascii_digit() {
            return self.skip(number(rest, after_dot));
        }
        let word = rest.strip_prefix("r#").unwrap_or(rest);
        let length = word.find(|c: char| !is_word(c)).unwrap_or(word.len());
        if length > 0 {
            self.skip(rest.len() - word.len());
            return self.skip(length);
        }
        self.skip(if rest.starts_with("::") { 2 } else { first.len_utf8() })
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// How long a block comment is, with those inside it.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// How long the string is that begins here, with its prefix; nothing when none does.
fn string(text: &str) -> Option<usize> {
    let raw = ["br", "cr", "r"].iter().find_map(|p| text.strip_prefix(p)).and_then(|after| {
        let hashes = after.len() - after.trim_start_matches('#').len();
        after[hashes..].starts_with('"').then_some((after, hashes))
    });
    if let Some((after, hashes)) = raw {
        let start = text.len() - after.len() + hashes + 1;
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(text[start..].find(&end).map_or(text.len(), |at| start + at + end.len()));
    }
    let plain = ["b\"", "c\"", "\""].iter().find_map(|p| text.strip_prefix(p))?;
    Some(text.len() - plain.len() + quoted(plain, '"'))
}

/// How long the character is that begins here; nothing when it is a lifetime.
fn character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("b'").or_else(|| text.strip_prefix('\''))?;
    let mut chars = inner.chars();
    let (first, second) = (chars.next()?, chars.next()?);
    (first == '\\' || second == '\'').then(|| text.len() - inner.len() + quoted(inner, '\''))
}

/// How far it is to behind the closing sign.
fn quoted(text: &str, close: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == close => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// How long the number is. A point belongs to it unless a second point or a name follows.
fn number(text: &str, after_dot: bool) -> usize {
    let digits = |from: usize| text[from..].find(|c: char| !is_word(c)).map_or(text.len(), |at| from + at);
    let whole = digits(0);
    let Some(fraction) = text[whole..].strip_prefix('.') else { return whole };
    if after_dot || fraction.starts_with(|c: char| c == '.' || c == '_' || c.is_alphabetic()) {
        return whole;
    }
    digits(whole + 1)
}

/// The tokens that are compiled into the program: without every item marked `#[cfg(test)]`.
pub(super) fn shipped<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if is_at(tokens, at, CFG_TEST) {
            at = end_of_item(tokens, at);
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

/// The names of the modules that are declared as tests and live in files of their own.
pub(super) fn test_modules<'a>(tokens: &[Token<'a>]) -> Vec<&'a str> {
    (0..tokens.len())
        .filter(|at| is_at(tokens, *at, CFG_TEST))
        .map(|at| &tokens[at..end_of_item(tokens, at)])
        .filter_map(|item| match item {
            [.., module, name, end] if module.text == "mod" && end.text == ";" => Some(name.text),
            _ => None,
        })
        .collect()
}

const CFG_TEST: &[&str] = &["#", "[", "cfg", "(", "test", ")", "]"];

/// Whether these tokens stand here.
pub(super) fn is_at(tokens: &[Token<'_>], at: usize, pattern: &[&str]) -> bool {
    tokens
        .get(at..at + pattern.len())
        .is_some_and(|here| here.iter().map(|t| t.text).eq(pattern.iter().copied()))
}

/// Behind the item that begins here: its first `;` outside brackets, or the end of its first block with the `;`
/// that closes a `use a::{b};`.
fn end_of_item(tokens: &[Token<'_>], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(token.text, ";" | "}") {
            let closes = token.text == "}" && is_at(tokens, at + 1, &[";"]);
            return at + 1 + usize::from(closes);
        }
    }
    tokens.len()
}

#[cfg(test)]
fn words(text: &str) -> String {
    tokens(text).iter().map(|t| t.text).collect::<Vec<_>>().join(" ")
}

#[test]
fn comments_strings_and_characters_carry_no_words() {
    assert_eq!(words("a /* b /* c */ d */ e // f\ng"), "a e g");
    assert_eq!(
        words(r##"a("b\" c", r#"d " e"#, br"f\", b"g", 'h', '\'', b'i') j"##),
        "a ( \"\" , \"\" , \"\" , \"\" , '' , '' , '' ) j"
    );
    assert_eq!(words("fn a<'b>(c: &'b str) -> r#type"), "fn a < ' b > ( c : & ' b str ) - > type");
    assert_eq!(words("let ä = \"ö\"; c::d"), "let ä = \"\" ; c :: d");
}

#[test]
fn numbers_keep_their_fraction_and_ranges_do_not_get_one() {
    assert_eq!(
        words("1.5 1. 1..2 1.max(2) a.0.1 1e5 2f64 0xf64"),
        "1.5 1. 1 . . 2 1 . max ( 2 ) a . 0 . 1 1e5 2f64 0xf64"
    );
}

#[test]
fn lines_are_counted_through_strings_and_comments() {
    let all = tokens("a\n/*\n*/ \"\n\"\nb");
    assert_eq!(all.iter().map(|t| t.line).collect::<Vec<_>>(), [1, 3, 5]);
}

#[test]
fn test_items_are_not_shipped() {
    let text = "use a; #[cfg(test)] mod tests { fn b() { c(); } } fn d() {} #[cfg(test)] use e::{f}; \
                #[cfg(test)] #[rustfmt::skip] mod g; fn h() -> [u8; 2] {}";
    let all = tokens(text);
    let kept: Vec<&str> = shipped(&all).iter().map(|t| t.text).collect();
    assert_eq!(kept.join(" "), "use a ; fn d ( ) { } fn h ( ) - > [ u8 ; 2 ] { }");
    assert_eq!(test_modules(&all), ["g"]);
}
