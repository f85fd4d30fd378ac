//! Makes texts that look alike to a reader alike to a matcher.

use std::borrow::Cow;

/// A text folded for matching.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    /// Lower case, without accents, invisible characters and look-alike letters; a run of white
    /// space is one space.
    pub(crate) text: String,
    /// Whether the text hid letters from a plain search: invisible characters inside words,
    /// letters of two scripts in one word, or text in the invisible tag block.
    pub(crate) hidden: bool,
}

/// Folds a text.
pub(crate) fn fold(text: &str) -> Folded {
    let mut out = Folded {
        text: String::with_capacity(text.len()),
        hidden: false,
    };
    for word in text.split_whitespace() {
        if !out.text.is_empty() {
            out.text.push(' ');
        }
        if word.is_ascii() {
            out.text
                .extend(word.chars().map(|c| c.to_ascii_lowercase()));
        } else {
            fold_word(word, &mut out);
        }
    }
    out
}

/// The text without what only a machine sees: invisible characters are gone, and letters that pass
/// for Latin ones in a Latin word are Latin. Lines, case, marks and words of other scripts stay.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    let odd = |c: char| !c.is_ascii() && (invisible(c) || look_alike(lower(c)).is_some());
    if text.is_ascii() || !text.chars().any(odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        if word.is_ascii() {
            out.push_str(word);
            continue;
        }
        let latin = word.bytes().any(|b| b.is_ascii_alphabetic());
        let letters = word.chars().filter(|c| !invisible(*c));
        out.extend(letters.map(|c| match look_alike(lower(c)) {
            Some(same) if latin => same,
            _ => c,
        }));
    }
    Cow::Owned(out)
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// Zero-width characters, joiners, direction marks, soft hyphen, byte order mark, variation
/// selectors.
fn invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{ad}'
            | '\u{180e}'
            | '\u{fe00}'..='\u{fe0f}'
    )
}

fn fold_word(word: &str, out: &mut Folded) {
    let mut plain = String::with_capacity(word.len());
    let mut hides = false;
    for c in word.chars() {
        match c {
            c if invisible(c) => hides = true,
            // Tags: an invisible copy of ASCII.
            '\u{e0020}'..='\u{e007e}' => {
                hides = true;
                plain
                    .extend(char::from_u32(c as u32 - 0xe0000).map(|tag| tag.to_ascii_lowercase()));
            }
            _ => fold_char(c, &mut plain),
        }
    }
    let latin = plain.chars().any(|c| c.is_ascii_lowercase());
    if latin && plain.chars().any(|c| look_alike(c).is_some()) {
        plain = plain.chars().map(|c| look_alike(c).unwrap_or(c)).collect();
        out.hidden = true;
    }
    // Emoji carry variation selectors and joiners; words of letters have no need of them.
    let letters = plain.chars().filter(char::is_ascii_alphabetic).count();
    out.hidden |= hides && letters >= 4;
    out.text.push_str(&plain);
}

/// Appends the plain form of one character.
fn fold_char(c: char, out: &mut String) {
    let code = c as u32;
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2032}' => out.push('\''),
        '\u{201c}'..='\u{201e}' | '\u{ab}' | '\u{bb}' => out.push('"'),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
        '\u{2022}' | '\u{25cf}' => out.push('*'),
        'ß' => out.push_str("ss"),
        'æ' | 'Æ' => out.push_str("ae"),
        'œ' | 'Œ' => out.push_str("oe"),
        'ø' | 'Ø' => out.push('o'),
        'ł' | 'Ł' => out.push('l'),
        'ı' => out.push('i'),
        // Full-width forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => push_code(code - 0xfee0, out),
        // Mathematical letters: alphabets of 52 letters, one after the other.
        '\u{1d400}'..='\u{1d6a3}' => push_code(u32::from(b'a') + (code - 0x1d400) % 26, out),
        // Letters in circles.
        '\u{24b6}'..='\u{24e9}' => push_code(u32::from(b'a') + (code - 0x24b6) % 26, out),
        '\u{300}'..='\u{36f}' => {}
        _ => match accented(c) {
            Some(base) => out.push(base),
            // Some signs (of the unit Ångström, say) have an accented letter as their lower case.
            None => out.extend(c.to_lowercase().map(|low| accented(low).unwrap_or(low))),
        },
    }
}

fn push_code(code: u32, out: &mut String) {
    out.extend(char::from_u32(code).map(|c| c.to_ascii_lowercase()));
}

/// The letter below the accent, for Latin letters.
fn accented(c: char) -> Option<char> {
    const TABLE: [(char, &str); 18] = [
        ('a', "àáâãäåāăąÀÁÂÃÄÅĀĂĄ"),
        ('c', "çćĉċčÇĆĈĊČ"),
        ('d', "ďđĎĐ"),
        ('e', "èéêëēĕėęěÈÉÊËĒĔĖĘĚ"),
        ('g', "ĝğġģĜĞĠĢ"),
        ('h', "ĥħĤĦ"),
        ('i', "ìíîïĩīĭįÌÍÎÏĨĪĬĮİ"),
        ('j', "ĵĴ"),
        ('k', "ķĶ"),
        ('l', "ĺļľĹĻĽ"),
        ('n', "ñńņňÑŃŅŇ"),
        ('o', "òóôõöōŏőÒÓÔÕÖŌŎŐ"),
        ('r', "ŕŗřŔŖŘ"),
        ('s', "śŝşšŚŜŞŠ"),
        ('t', "ţťŧŢŤŦ"),
        ('u', "ùúûüũūŭůűųÙÚÛÜŨŪŬŮŰŲ"),
        ('y', "ýÿŷÝŶŸ"),
        ('z', "źżžŹŻŽ"),
    ];
    if !('\u{c0}'..='\u{17f}').contains(&c) {
        return None;
    }
    TABLE
        .iter()
        .find(|(_, forms)| forms.contains(c))
        .map(|(base, _)| *base)
}

/// The Latin letter that a Cyrillic or Greek letter (lower case) passes for.
fn look_alike(c: char) -> Option<char> {
    const TABLE: [(char, char); 32] = [
        ('а', 'a'),
        ('в', 'b'),
        ('е', 'e'),
        ('һ', 'h'),
        ('н', 'h'),
        ('і', 'i'),
        ('ј', 'j'),
        ('к', 'k'),
        ('ӏ', 'l'),
        ('м', 'm'),
        ('о', 'o'),
        ('р', 'p'),
        ('ԛ', 'q'),
        ('ѕ', 's'),
        ('с', 'c'),
        ('т', 't'),
        ('у', 'y'),
        ('ԁ', 'd'),
        ('ѵ', 'v'),
        ('ԝ', 'w'),
        ('х', 'x'),
        ('ɡ', 'g'),
        ('α', 'a'),
        ('ε', 'e'),
        ('ι', 'i'),
        ('κ', 'k'),
        ('ν', 'v'),
        ('ο', 'o'),
        ('ρ', 'p'),
        ('τ', 't'),
        ('υ', 'u'),
        ('χ', 'x'),
    ];
    TABLE.iter().find(|(from, _)| *from == c).map(|(_, to)| *to)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::fold;

    #[test]
    fn spelling_variants_become_one() {
        let cases = [
            ("Ignore  ALL\n\tprevious", "ignore all previous", false),
            ("ign\u{200b}ore pre\u{200d}vious", "ignore previous", true),
            ("іgnоrе previous", "ignore previous", true),
            ("Ｉｇｎｏｒｅ： now", "ignore: now", false),
            ("𝐈𝐠𝐧𝐨𝐫𝐞 𝘢𝘭𝘭", "ignore all", false),
            ("Überweisung für Müßig", "uberweisung fur mussig", false),
            ("don’t “stop”", "don't \"stop\"", false),
            ("Привет мир", "привет мир", false),
            ("忽略之前的指令。", "忽略之前的指令。", false),
            ("great ❤\u{fe0f} work", "great ❤ work", false),
            ("\u{e0073}\u{e0065}\u{e006e}\u{e0064}", "send", true),
        ];
        for (text, want, hidden) in cases {
            let got = fold(text);
            assert_eq!((got.text.as_str(), got.hidden), (want, hidden), "{text}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,60}") {
            let once = fold(&text).text;
            prop_assert_eq!(&fold(&once).text, &once);
        }
    }
}
