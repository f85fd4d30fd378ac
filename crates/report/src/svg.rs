//! Plots as SVG, written by hand: shapes with classes, coloured by the style sheet of the page
//! that embeds them.
//!
//! A plot holds geometry only and stretches to its box; words stand beside it as text, so that
//! they stay legible at every width. Every mark carries a title, and the plot a label that says in
//! words what it shows.

use std::fmt::Write as _;

/// One column of a [`stack`]: its name, and its parts from the bottom up.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// What the column stands for; shown as the title of its marks.
    pub title: String,
    /// The parts, in the order of the classes.
    pub parts: Vec<u64>,
}

/// A bar for `part` of `whole`, 100 units long and one high. It repeats a number that stands
/// beside it as text, so readers that do not look are not told twice.
pub fn bar(part: u64, whole: u64, class: &str) -> String {
    bars(&[(part, class)], whole)
}

/// A bar of several parts of `whole`, one after the other.
pub fn bars(parts: &[(u64, &str)], whole: u64) -> String {
    let mut out = String::from(
        "<svg class=\"bar\" viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\">",
    );
    let mut x = 0.0;
    for (part, class) in parts {
        let width = scale(*part, whole, 100.0);
        rect(&mut out, [x, 0.0, width, 1.0], class, "");
        x += width;
    }
    out.push_str("</svg>");
    out
}

/// Columns side by side, each a stack; `classes` colours the parts, `label` says what it is.
/// The plot is 100 units high, where the tallest column (or `top`, if larger) reaches the top.
pub fn stack(columns: &[Column], classes: &[&str], top: u64, label: &str) -> String {
    let total = |column: &Column| column.parts.iter().sum::<u64>();
    let top = columns.iter().map(total).max().unwrap_or(0).max(top).max(1);
    let width = columns.len().max(1) * 10;
    let mut out = open(width as f64, 100.0, "stack", label);
    for y in [0.0, 50.0] {
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"0\" x2=\"{width}\" y1=\"{y}\" y2=\"{y}\"/>"
        );
    }
    for (i, column) in columns.iter().enumerate() {
        let x = i as f64 * 10.0;
        // The whole height answers the pointer, also where a column is low.
        out.push_str("<g>");
        if !column.title.is_empty() {
            let _ = write!(out, "<title>{}</title>", escape(&column.title));
        }
        rect(&mut out, [x, 0.0, 10.0, 100.0], "hit", "");
        let mut y = 100.0;
        for (part, class) in column.parts.iter().zip(classes) {
            let height = scale(*part, top, 100.0);
            y -= height;
            rect(&mut out, [x + 1.0, y, 8.0, height], class, "");
        }
        out.push_str("</g>");
    }
    out.push_str("</svg>");
    out
}

/// Squares in rows: each cell has a level from 0 (nothing) to 5 and a title.
pub fn heat(rows: &[Vec<(u8, String)>], label: &str) -> String {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let mut out = open(width as f64, rows.len().max(1) as f64, "heat", label);
    for (y, row) in rows.iter().enumerate() {
        for (x, (level, title)) in row.iter().enumerate() {
            let class = format!("h{}", level.min(&5));
            let at = [x as f64 + 0.05, y as f64 + 0.05, 0.9, 0.9];
            rect(&mut out, at, &class, title);
        }
    }
    out.push_str("</svg>");
    out
}

/// The level of a number for [`heat`]: 0 for nothing, then fifths of the largest by square root,
/// so that small numbers stay apart.
pub fn level(n: u64, most: u64) -> u8 {
    if n == 0 {
        return 0;
    }
    let share = scale(n, most.max(1), 1.0).sqrt() * 5.0;
    // In 0.0..=5.0: the cast only drops the fraction.
    (share.ceil() as u8).clamp(1, 5)
}

fn open(width: f64, height: f64, class: &str, label: &str) -> String {
    format!(
        "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"none\" \
         role=\"img\" aria-label=\"{}\">",
        escape(label)
    )
}

fn rect(out: &mut String, [x, y, width, height]: [f64; 4], class: &str, title: &str) {
    if width <= 0.0 || height <= 0.0 {
        return;
    }
    let _ = write!(
        out,
        "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        escape(class),
        short(x),
        short(y),
        short(width),
        short(height)
    );
    if title.is_empty() {
        out.push_str("/>");
    } else {
        let _ = write!(out, "><title>{}</title></rect>", escape(title));
    }
}

fn scale(part: u64, whole: u64, to: f64) -> f64 {
    (part as f64 / whole.max(1) as f64).clamp(0.0, 1.0) * to
}

/// At most two decimals, none that are zero.
fn short(n: f64) -> String {
    let text = format!("{n:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// Escapes for text and for attributes in double quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_title_or_attribute() {
        let hostile = "\"><script>alert(1)</script>'</title>";
        let column = Column {
            title: hostile.into(),
            parts: vec![1],
        };
        for plot in [
            stack(&[column], &["a"], 0, hostile),
            heat(&[vec![(3, hostile.into())]], hostile),
        ] {
            assert!(!plot.contains("<script"), "{plot}");
            assert_eq!(plot.matches("<svg").count(), 1);
            assert!(plot.ends_with("</svg>"));
        }
    }

    #[test]
    fn plots_of_nothing_and_of_the_largest_are_well_formed() {
        assert!(stack(&[], &[], 0, "none").contains("viewBox=\"0 0 10 100\""));
        assert!(heat(&[], "none").contains("viewBox=\"0 0 1 1\""));
        assert!(bar(u64::MAX, 1, "a").contains("width=\"100\""));
        assert_eq!((level(0, 0), level(1, u64::MAX), level(9, 9)), (0, 1, 5));
    }
}
