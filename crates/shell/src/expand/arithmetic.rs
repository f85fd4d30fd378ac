//! Sums of plain numbers, as in `$((1 + 2))`.

/// The value of a sum of products of plain numbers; `None` for anything else.
pub(crate) fn arithmetic(text: &str) -> Option<i64> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (text, sign) = match text.strip_prefix('-') {
        Some(rest) => (rest, -1),
        None => (text.as_str(), 1),
    };
    let mut total = 0i64;
    let mut sign = sign;
    let mut rest = text;
    loop {
        let end = rest.find(['+', '-']).unwrap_or(rest.len());
        let (term, after) = rest.split_at_checked(end)?;
        let mut product = 1i64;
        for factor in term.split('*') {
            product = product.checked_mul(number(factor)?)?;
        }
        total = total.checked_add(product.checked_mul(sign)?)?;
        let mut chars = after.chars();
        sign = match chars.next() {
            None => return Some(total),
            Some('+') => 1,
            Some(_) => -1,
        };
        rest = chars.as_str();
    }
}

/// A number as the shell writes it: decimal, `0x1f`, `017`, `2#101`.
fn number(text: &str) -> Option<i64> {
    if let Some(hex) = text.strip_prefix("0x") {
        return i64::from_str_radix(hex, 16).ok();
    }
    if let Some((base, digits)) = text.split_once('#') {
        let base = base.parse().ok().filter(|base| (2..=36).contains(base))?;
        return i64::from_str_radix(digits, base).ok();
    }
    if text.len() > 1 && text.starts_with('0') {
        return i64::from_str_radix(text, 8).ok();
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums() {
        assert_eq!(arithmetic("1 + 2*3 - 0x10"), Some(-9));
        assert_eq!(arithmetic("2#101"), Some(5));
        assert_eq!(arithmetic("x+1"), None);
        assert_eq!(arithmetic("9223372036854775807+1"), None);
    }
}
