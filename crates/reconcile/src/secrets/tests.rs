use proptest::prelude::*;

use super::*;

/// Made-up credentials are put together here, so that no scanner takes this file for a leak.
fn made_up(prefix: &str, len: usize) -> String {
    let body = "q7Rt2Lz9Kd4Wv8Xb3Nm6Yp1Hs5Jf0Gc7Ta2Ue9";
    prefix
        .chars()
        .chain(body.chars().cycle().take(len))
        .collect()
}

fn kinds(text: &str) -> Vec<&'static str> {
    find(text).into_iter().map(|c| c.kind).collect()
}

#[test]
fn finds_tokens_by_their_prefix() {
    for (prefix, len, kind) in [
        ("ghp_", 36, "GitHub token"),
        ("github_pat_", 60, "GitHub token"),
        ("glpat-", 20, "GitLab token"),
        ("xoxb-", 40, "Slack token"),
        ("sk-ant-api03-", 80, "Anthropic key"),
        ("sk-proj-", 48, "OpenAI key"),
        ("sk-", 48, "API key"),
        ("AIza", 35, "Google API key"),
        ("sk_live_", 24, "Stripe key"),
        ("npm_", 36, "npm token"),
        ("pypi-", 100, "PyPI token"),
        ("hf_", 34, "Hugging Face token"),
    ] {
        let token = made_up(prefix, len);
        let text = format!("export KEY={token}\nnext");
        let found = find(&text);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(
            text.get(found[0].span.clone()),
            Some(token.as_str()),
            "{text}"
        );
        assert_eq!(found[0].kind, kind);
    }
    let aws = format!("id {}", made_up("AKIA", 16).to_uppercase());
    assert_eq!(kinds(&aws), ["AWS access key id"]);
}

#[test]
fn finds_keys_and_web_tokens() {
    let body = made_up("", 200);
    let pem = format!(
        "x\n-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\ny"
    );
    assert_eq!(kinds(&pem), ["private key"]);
    assert!(!mask(&pem).contains(&made_up("", 20)));
    assert!(mask(&pem).ends_with("-----END OPENSSH PRIVATE KEY-----\ny"));
    let jwt = format!(
        "{}.{}.{}",
        made_up("eyJ", 30),
        made_up("eyJ", 40),
        made_up("", 43)
    );
    assert_eq!(kinds(&format!("cookie={jwt};")), ["JSON web token"]);
}

#[test]
fn finds_what_is_assigned() {
    let random = made_up("", 32);
    for (text, kind) in [
        (format!("AWS_SECRET_ACCESS_KEY={random}"), "secret"),
        (format!("\"client_secret\": \"{random}\","), "secret"),
        (format!("{{\\\"api_key\\\": \\\"{random}\\\"}}"), "secret"),
        (format!("Authorization: Bearer {random}"), "authorization"),
        (
            format!("curl -H 'Authorization: token {random}' x"),
            "authorization",
        ),
        (format!("deploy --token {random}"), "secret"),
        (format!("apiKey: '{random}'"), "secret"),
        (format!("<secret>{random}</secret>"), "secret"),
        ("DB_PASSWORD=Winter-2031".to_owned(), "password"),
        ("password: \"tr0ub4dor&3\"".to_owned(), "password"),
        ("mysql --password=Zk93xQm".to_owned(), "password"),
        (
            "postgres://app:Zk93xQm@db.internal/x".to_owned(),
            "password in an address",
        ),
        (
            format!("https://{random}@git.internal/x.git"),
            "token in an address",
        ),
    ] {
        assert_eq!(kinds(&text), [kind], "{text}");
    }
}

#[test]
fn leaves_what_is_no_credential() {
    for text in [
        "password",
        "password = get_password()",
        "password=password",
        "def login(user, password: str) -> Token:",
        "token = tokens[i + 1]",
        "max_tokens: 4096",
        "\"token_type\": \"Bearer\"",
        "\"input_tokens\":1234567890123456789",
        "api_key = os.environ['OPENAI_API_KEY']",
        "API_KEY=$OPENAI_API_KEY",
        "token: ${{ secrets.GITHUB_TOKEN }}",
        "Authorization: Bearer <token>",
        "Authorization: Bearer $TOKEN",
        "password: changeme1",
        "password: \"xxxxxxxx1\"",
        "secret_name: my-service-credentials-v2-prod",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk-your-api-key-goes-here-1234",
        "AKIAIOSFODNN7EXAMPLE",
        "risk-assessment-of-the-whole-programme-in-2031",
        "task-0123456789",
        "postgres://user:password@localhost/db",
        "amqp://guest:guest@localhost",
        "https://example.org:8080/a@b",
        "git@github.com:a/b.git",
        "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
        "grep -r 'BEGIN RSA PRIVATE KEY' .",
        "if token == \"a8f3b2c1d4e5f6a7b8c9\" {",
        "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased')",
        "the secret of good bread is time",
        "commit 4f06f30a8f3b2c1d4e5f6a7b8c9d0e1f2a3b4c5d",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ] {
        assert_eq!(kinds(text), [""; 0], "{text}");
    }
}

#[test]
fn masks_what_may_be_none_as_well() {
    for (text, secret) in [
        (r#"{"password": "CXlMaXZjljENUh"}"#, "CXlMaXZjljENUh"),
        (r#"{\"password\": \"correcthorse\"}"#, "correcthorse"),
        (
            "machine h login ann password 6HWGK10Zb0RLZ5TR9SPo",
            "6HWGK10Zb0RLZ5TR9SPo",
        ),
        (
            r#"{"auths":{"r.io":{"auth":"7neLfjVHq8xiM0OGr4hTxoF54Fzbka8F"}}}"#,
            "7neLfjVHq8xiM0OGr4hTxoF54Fzbka8F",
        ),
        ("curl -u admin:fbciOx9gy1CJ https://h", "fbciOx9gy1CJ"),
        ("curl --user 'admin:fbciOx9gy1CJ' https://h", "fbciOx9gy1CJ"),
        ("mysql -uroot -pdObOIRpFqaDZ shop", "dObOIRpFqaDZ"),
        ("sshpass -p eV7G5IfQHeVV ssh h", "eV7G5IfQHeVV"),
        (
            "GITHUB_TOKEN=ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            "abcdefghijklmnop",
        ),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----",
            "b3BlbnNzaC1rZXk",
        ),
    ] {
        let masked = mask(text);
        assert!(!masked.contains(secret), "{masked}");
        assert_eq!(mask(&masked), masked, "once and for all");
    }
    for text in [
        "docker run -u 1000:1000 image",
        "sort -u a b",
        "mkdir -p build/out",
        "ssh -p 2222 host",
        "the password field is required",
        "password must contain 8 characters",
        "git log -p main",
        "password: str",
    ] {
        assert_eq!(mask(text), text);
    }
}

#[test]
fn masks_keep_the_prefix_and_the_length() {
    let token = made_up("ghp_", 36);
    assert_eq!(mask(&format!("a {token} b")), "a ghp_***[40] b");
    assert_eq!(mask("nothing here"), "nothing here");
    assert!(matches!(mask("nothing here"), Cow::Borrowed(_)));
    let url = mask("postgres://app:Zk93xQm@db.internal/x").into_owned();
    assert_eq!(url, "postgres://app:***[7]@db.internal/x");
}

#[test]
fn knows_files_and_names() {
    for path in [
        "~/.ssh/id_rsa",
        "/home/u/.ssh/deploy_key",
        ".env",
        "app/.env.production",
        "/home/u/.aws/credentials",
        "~/.kube/config",
        "/etc/shadow",
        "server.pem",
        "/proc/self/environ",
        "/run/secrets/db",
        "~/.netrc",
        "C:\\Users\\u\\.ssh\\id_ed25519",
        "~/.config/gcloud/credentials.db",
        "config/master.key",
    ] {
        assert!(is_secret_path(path), "{path}");
    }
    for path in [
        "~/.ssh/id_rsa.pub",
        "~/.ssh/config",
        "~/.ssh/known_hosts",
        ".env.example",
        "src/env.rs",
        "docs/credentials.md",
        "/etc/passwd",
        "cacert.pem",
        "environment.yml",
        "tokenizer.json",
        "",
    ] {
        assert!(!is_secret_path(path), "{path}");
    }
    assert!(is_secret_name("GITHUB_TOKEN") && is_secret_name("dbPassword"));
    assert!(!is_secret_name("MAX_TOKENS") && !is_secret_name("HOME"));
}

#[test]
fn hostile_repetition_takes_no_time() {
    for unit in [
        "token=",
        "-----BEGIN RSA PRIVATE KEY-----",
        "://a:",
        "password: \"",
        "eyJ",
        "sk-",
    ] {
        let text = unit.repeat(50_000 / unit.len());
        let start = std::time::Instant::now();
        let _ = mask(&text);
        assert!(start.elapsed().as_secs() < 2, "{unit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_text_is_masked_once_and_for_all(
        parts in prop::collection::vec(
            prop_oneof![
                "\\PC{0,12}",
                Just("password=".to_owned()), Just("token: \"".to_owned()),
                Just("://u:".to_owned()), Just("@h".to_owned()), Just("\"".to_owned()),
                Just("Bearer ".to_owned()), Just(made_up("ghp_", 36)), Just(made_up("", 24)),
                Just("-----BEGIN PRIVATE KEY-----".to_owned()), Just("\n".to_owned()),
            ],
            0..12,
        ),
    ) {
        let text = parts.concat();
        let mut end = 0;
        for credential in find(&text) {
            prop_assert!(credential.span.start >= end && credential.span.end <= text.len());
            prop_assert!(text.get(credential.span.clone()).is_some());
            end = credential.span.end;
        }
        let once = mask(&text).into_owned();
        prop_assert_eq!(mask(&once).into_owned(), once.clone(), "{}", text);
    }
}
