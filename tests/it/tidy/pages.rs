//! Pages: where their links lead. Links to the world outside are not followed; a page stands without a network.

use super::File;

/// Where the links of this page lead, in order: `[words](target)` and `[name]: target`. Code is not read.
pub(super) fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        let line = without_code(line);
        if let Some(target) = definition(&line) {
            found.push(target.to_owned());
            continue;
        }
        let mut rest = line.as_str();
        while let Some(at) = rest.find("](") {
            rest = &rest[at + 2..];
            let Some(end) = rest.find(')') else { break };
            // A title may follow the target: [words](target "title").
            found
                .extend(rest[..end].split_whitespace().next().map(|t| t.trim_matches(['<', '>']).to_owned()));
            rest = &rest[end + 1..];
        }
    }
    found
}

/// Every link of a page that leads to no file of the tree, or to no heading of the page itself.
pub(super) fn broken(page: &File, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    for link in links(&page.text) {
        if link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
        if file.is_empty() {
            if !headings(&page.text).iter().any(|h| h == heading) {
                faults.push(format!("{}: no heading #{heading}", page.path));
            }
        } else if !resolved(&page.path, file).is_some_and(|path| exists(&path)) {
            faults.push(format!("{}: {link} leads to nothing", page.path));
        }
    }
    faults
}

/// The lines outside fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The line without what stands between backticks; a backtick without its other half is one that is printed.
fn without_code(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    let closed = parts.len() - (parts.len() + 1) % 2;
    parts.iter().enumerate().filter(|(at, _)| at % 2 == 0 || *at >= closed).map(|(_, part)| *part).collect()
}

/// The target of `[name]: target`.
fn definition(line: &str) -> Option<&str> {
    let (_, target) = line.strip_prefix('[')?.split_once("]:")?;
    target.split_whitespace().next()
}

/// The headings of a page as a link names them: small letters, `-` for a space, no signs.
fn headings(text: &str) -> Vec<String> {
    let slug = |heading: &str| -> String {
        heading
            .trim()
            .chars()
            .filter_map(|c| match c {
                ' ' | '-' => Some('-'),
                '_' => Some('_'),
                c if c.is_alphanumeric() => c.to_lowercase().next(),
                _ => None,
            })
            .collect()
    };
    prose(text).filter(|line| line.starts_with('#')).map(|line| slug(line.trim_start_matches('#'))).collect()
}

/// The path from the root, for a link that stands on this page; nothing when it leads out of the tree.
fn resolved(page: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    if link.starts_with('/') {
        return None;
    }
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::assert_faults;
    use super::*;

    #[test]
    fn links_are_read_from_prose_and_not_from_code() {
        let text = "# A\nSee [b](b.md), [c](<d e.md> \"t\") and ![e](f.png).\n[g]: h.md\n`[i](j)` ` [k](l)\n\
                    ```text\n[m](n)\n```\n[o](p.md#q)";
        assert_eq!(links(text), ["b.md", "d", "f.png", "h.md", "l", "p.md#q"]);
    }

    #[test]
    fn a_link_to_nothing_is_found() {
        let text = "# The A-b, c\n[1](x.md) [2](../y.md) [3](../../z) [4](/abs) [5](#the-a-b-c) [6](#gone) \
                    [7](https://example.org/x) [8](y.md#part) [9](sub/)";
        let is_there = |path: &str| matches!(path, "y.md" | "docs/sub");
        let expected = [
            "x.md leads to nothing",
            "../../z leads",
            "/abs leads",
            "no heading #gone",
            "y.md#part leads to nothing",
        ];
        assert_faults(&broken(&File::planted("docs/a.md", text), is_there), &expected);
    }
}
