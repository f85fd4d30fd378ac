//! Credentials that tell by their own shape what they are.

use super::placeholder::is_placeholder;
use super::{Credential, Doubtful};

/// The form of a provider's tokens.
pub(super) struct Token {
    /// How they begin.
    pub(super) prefix: &'static str,
    kind: &'static str,
    /// The fewest characters after the prefix.
    min: usize,
    /// The most.
    max: usize,
    /// Characters other than letters and digits that they may hold.
    also: &'static str,
}

const fn token(
    prefix: &'static str,
    kind: &'static str,
    min: usize,
    max: usize,
    also: &'static str,
) -> Token {
    Token {
        prefix,
        kind,
        min,
        max,
        also,
    }
}

/// From the providers' own documentation of their formats.
pub(super) const TOKENS: &[Token] = &[
    token("AKIA", "AWS access key id", 16, 16, ""),
    token("ASIA", "AWS access key id", 16, 16, ""),
    token("ghp_", "GitHub token", 36, 255, ""),
    token("gho_", "GitHub token", 36, 255, ""),
    token("ghu_", "GitHub token", 36, 255, ""),
    token("ghs_", "GitHub token", 36, 255, ""),
    token("ghr_", "GitHub token", 36, 255, ""),
    token("github_pat_", "GitHub token", 40, 255, "_"),
    token("glpat-", "GitLab token", 20, 300, "_-."),
    token("gldt-", "GitLab token", 20, 300, "_-."),
    token("glrt-", "GitLab token", 20, 300, "_-."),
    token("glptt-", "GitLab token", 20, 300, "_-."),
    token("xoxb-", "Slack token", 20, 300, "-"),
    token("xoxp-", "Slack token", 20, 300, "-"),
    token("xoxa-", "Slack token", 20, 300, "-"),
    token("xoxr-", "Slack token", 20, 300, "-"),
    token("xoxs-", "Slack token", 20, 300, "-"),
    token("xoxc-", "Slack token", 20, 300, "-"),
    token("xoxe.", "Slack token", 20, 300, "-."),
    token("xapp-", "Slack token", 20, 300, "-"),
    token("hooks.slack.com/services/", "Slack webhook", 40, 60, "/"),
    token(
        "discord.com/api/webhooks/",
        "Discord webhook",
        60,
        120,
        "/_-",
    ),
    token("sk-ant-", "Anthropic key", 20, 300, "_-"),
    token("sk-proj-", "OpenAI key", 20, 300, "_-"),
    token("sk-svcacct-", "OpenAI key", 20, 300, "_-"),
    token("sk-or-v1-", "OpenRouter key", 32, 300, ""),
    token("sk-", "API key", 32, 200, ""),
    token("AIza", "Google API key", 35, 35, "_-"),
    token("ya29.", "Google access token", 30, 2048, "_-."),
    token("GOCSPX-", "Google client secret", 20, 60, "_-"),
    token("sk_live_", "Stripe key", 20, 255, ""),
    token("rk_live_", "Stripe key", 20, 255, ""),
    token("sk_test_", "Stripe test key", 20, 255, ""),
    token("whsec_", "Stripe webhook secret", 24, 255, "+/="),
    token("npm_", "npm token", 36, 36, ""),
    token("pypi-", "PyPI token", 50, 300, "_-"),
    token("hf_", "Hugging Face token", 30, 60, ""),
    token("dop_v1_", "DigitalOcean token", 60, 70, ""),
    token("dckr_pat_", "Docker token", 20, 60, "_-"),
    token("SG.", "SendGrid key", 60, 70, "_-."),
    token("shpat_", "Shopify token", 32, 40, ""),
    token("hvs.", "Vault token", 24, 200, "_-"),
    token("tskey-", "Tailscale key", 20, 80, "-"),
    token("lin_api_", "Linear key", 32, 60, ""),
    token("ntn_", "Notion token", 40, 60, ""),
    token("glsa_", "Grafana token", 32, 60, "_"),
    token("gsk_", "Groq key", 40, 80, ""),
    token("xai-", "xAI key", 60, 120, ""),
    token("nvapi-", "NVIDIA key", 50, 90, "_-"),
    token("r8_", "Replicate token", 36, 40, ""),
    token("sntrys_", "Sentry token", 60, 400, "_+/="),
    token("AGE-SECRET-KEY-", "age key", 50, 70, ""),
    token("PMAK-", "Postman key", 50, 70, "-"),
];

/// The token of this row that begins here.
pub(super) fn at(text: &str, start: usize, row: usize, doubtful: Doubtful) -> Option<Credential> {
    let token = TOKENS.get(row)?;
    let rest = text.get(start..)?.strip_prefix(token.prefix)?;
    if glued(text, start) {
        return None;
    }
    let len = rest
        .bytes()
        .take(token.max + 1)
        .take_while(|b| b.is_ascii_alphanumeric() || token.also.as_bytes().contains(b))
        .count();
    let body = rest.get(..len)?.trim_end_matches(['.', '-', '/']);
    if body.len() < token.min || body.len() > token.max {
        return None;
    }
    if doubtful == Doubtful::Left && is_placeholder(body) {
        return None;
    }
    // Words joined by dashes are names, tokens hold digits.
    if !body.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(Credential {
        span: start..start + token.prefix.len() + body.len(),
        kind: token.kind,
        prefix: token.prefix.len(),
    })
}

/// Whether a word goes on to the left of this place.
fn glued(text: &str, start: usize) -> bool {
    let before = text
        .get(..start)
        .and_then(|before| before.chars().next_back());
    before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// The most bytes of a private key.
const KEY_BYTES: usize = 16 * 1024;

/// The private key whose block begins here, from its first line of content to its last.
pub(super) fn private_key(text: &str, start: usize, doubtful: Doubtful) -> Option<Credential> {
    let line = text.get(start..)?.strip_prefix("-----BEGIN ")?;
    let (label, rest) = line
        .split_once("-----")
        .filter(|(label, _)| label.len() <= 40)?;
    if !label.ends_with("PRIVATE KEY") && !label.ends_with("PRIVATE KEY BLOCK") {
        return None;
    }
    let rest = rest.get(..rest.floor_char_boundary(KEY_BYTES))?;
    let body = rest
        .find("-----END")
        .and_then(|end| rest.get(..end))
        .unwrap_or(rest);
    let letters = body
        .bytes()
        .filter(|b| b.is_ascii_alphanumeric())
        .take(41)
        .count();
    let masked = body.contains("***[");
    if doubtful == Doubtful::Taken && letters > 8 && !masked {
        // A short one, or one that is cut off: a key all the same.
    } else if letters <= 40 || is_placeholder(body.get(..body.floor_char_boundary(200))?) {
        return None;
    }
    let from = text.len() - line.len() + label.len() + "-----".len();
    Some(Credential {
        span: from..from + body.len(),
        kind: "private key",
        prefix: 0,
    })
}

/// The JSON web token that begins here.
pub(super) fn jwt(text: &str, start: usize) -> Option<Credential> {
    let rest = text.get(start..)?;
    if !rest.starts_with("eyJ") || glued(text, start) {
        return None;
    }
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"_-.".contains(b);
    let len = rest.bytes().take(8192).take_while(is_part).count();
    let mut parts = rest.get(..len)?.split('.');
    let (head, body, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if head.len() < 12 || !body.starts_with("eyJ") || signature.len() < 16 {
        return None;
    }
    Some(Credential {
        span: start..start + head.len() + body.len() + signature.len() + 2,
        kind: "JSON web token",
        prefix: 3,
    })
}
