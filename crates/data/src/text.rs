//! How names, labels and cells of other people's files are put into messages.

/// `text` with its control characters, line breaks and invisible formatting characters written as escapes.
///
/// What a file holds may hold terminal commands too. Everything that is printed passes through here.
///
/// ```
/// assert_eq!(chainrule_data::escape("a\x1b[31mb\n"), "a\\u{1b}[31mb\\n");
/// assert_eq!(chainrule_data::escape("naïve"), "naïve");
/// ```
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' | '\0' => out.extend(c.escape_default()),
            _ if c.is_control() || is_invisible(c) => out.extend(c.escape_unicode()),
            _ => out.push(c),
        }
    }
    out
}

/// `text` escaped, shortened to about sixty characters, in double quotes: the form of a name or cell in a message.
pub(crate) fn quote(text: &str) -> String {
    const LONGEST: usize = 60;
    let shown: String = text.chars().take(LONGEST).collect();
    let dots = if shown.len() < text.len() { "…" } else { "" };
    format!("\"{}{dots}\"", escape(&shown))
}

/// Names in quotes, joined by commas; of a long list the first twenty and the count.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    const MOST: usize = 20;
    let shown: Vec<_> = names
        .iter()
        .take(MOST)
        .map(|name| quote(name.as_ref()))
        .collect();
    match names.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// For people: `count` with its thousands parted, and its noun, in the plural where it belongs.
///
/// ```
/// use chainrule_data::counted;
/// assert_eq!([counted(1, "row"), counted(12_345, "row")], ["1 row", "12,345 rows"]);
/// ```
pub fn counted(count: usize, noun: &str) -> String {
    format!(
        "{} {noun}{}",
        grouped(count),
        if count == 1 { "" } else { "s" }
    )
}

/// For people: `count` with its thousands parted.
///
/// ```
/// assert_eq!(chainrule_data::grouped(12_345), "12,345");
/// ```
pub fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The candidate that `wanted` may have been meant to be: at most a third of its letters wrong, whatever their case.
pub(crate) fn did_you_mean<'a>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let wanted = wanted.trim().to_lowercase();
    let most = match wanted.chars().count() {
        0 | 1 => 0,
        letters => (letters / 3).max(1),
    };
    candidates
        .into_iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&wanted, &name.trim().to_lowercase()),
                name,
            )
        })
        .filter(|&(distance, _)| distance <= most)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name.to_owned())
}

/// Characters that change how a line looks without being seen: bidirectional controls, joiners, byte order marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(
            escape("\u{7f}\u{9b}\u{202e}x\r\n"),
            "\\u{7f}\\u{9b}\\u{202e}x\\r\\n"
        );
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let quoted = quote(&"é".repeat(100));
        assert_eq!(quoted.chars().count(), 63);
        assert!(quoted.ends_with("…\""));
    }

    #[test]
    fn thousands_are_parted() {
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(999, "row"), "999 rows");
        assert_eq!(counted(1_234_567, "row"), "1,234,567 rows");
    }

    #[test]
    fn suggestions_are_near_or_absent() {
        let names = ["age", "diagnosis", "worst_radius"];
        assert_eq!(
            did_you_mean("Diagnossi", names).as_deref(),
            Some("diagnosis")
        );
        assert_eq!(did_you_mean("agee", names).as_deref(), Some("age"));
        assert_eq!(did_you_mean("income", names), None);
        assert_eq!(did_you_mean("", names), None);
        assert_eq!(did_you_mean("y", ["x", "z"]), None);
        assert_eq!(did_you_mean("y", ["x", "Y"]).as_deref(), Some("Y"));
    }
}
