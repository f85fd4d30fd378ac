//! Credentials in texts and paths: finding them, and masking them.

use std::borrow::Cow;

/// Whether a file of this path usually holds credentials.
pub fn is_secret_path(path: &str) -> bool {
    let path = path.trim_end_matches('/').to_ascii_lowercase();
    let name = crate::path::file_name(&path);
    let harmless = [".example", ".sample", ".template", ".dist", ".pub", ".md"];
    if harmless.iter().any(|end| name.ends_with(end)) {
        return false;
    }
    let exact = [
        ".env",
        ".netrc",
        ".pgpass",
        ".npmrc",
        ".pypirc",
        ".git-credentials",
        ".my.cnf",
        ".htpasswd",
        "shadow",
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        "credentials.json",
        "service-account.json",
        "secrets.json",
        "secrets.yml",
        "secrets.yaml",
        "kubeconfig",
        ".vault-token",
        "master.key",
        ".dockercfg",
    ];
    exact.contains(&name)
        || (name.starts_with(".env.") && name != ".env.defaults")
        || [".pem", ".p12", ".pfx", ".keystore", ".jks", ".kdbx"]
            .iter()
            .any(|e| name.ends_with(e))
        || [
            ".aws/credentials",
            ".kube/config",
            ".docker/config.json",
            ".config/gcloud",
        ]
        .iter()
        .any(|part| path.contains(part))
        || (path.starts_with("/proc/") && path.ends_with("/environ"))
}

/// Whether a variable or field of this name usually holds a credential.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "token",
        "secret",
        "password",
        "passwd",
        "api_key",
        "apikey",
        "private_key",
        "access_key",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// The text with its credentials masked.
pub fn mask(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}
