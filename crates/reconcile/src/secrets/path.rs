//! Files and variables that hold credentials.

use crate::path::file_name;

/// Names of files that hold credentials, in lower case.
const FILES: &[&str] = &[
    ".env",
    ".envrc",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    ".my.cnf",
    ".htpasswd",
    ".vault-token",
    ".dockercfg",
    ".s3cfg",
    ".boto",
    ".terraformrc",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_ecdsa_sk",
    "id_ed25519_sk",
    "kubeconfig",
    "master.key",
    "credentials.json",
    "credentials.xml",
    "credentials.yml",
    "credentials.yaml",
    "client_secret.json",
    "service-account.json",
    "service_account.json",
    "serviceaccount.json",
    "secrets.json",
    "secrets.yml",
    "secrets.yaml",
    "secrets.toml",
    "secret.key",
    "secrets.env",
    "wallet.dat",
    "login data",
    "logins.json",
    "key4.db",
    "cookies.sqlite",
    "login.keychain-db",
    "auth.json",
    ".credentials.json",
    "terraform.tfstate",
    "krb5.keytab",
    "ntds.dit",
    "application_default_credentials.json",
];

/// Ends of file names that hold keys.
const ENDINGS: &[&str] = &[
    ".pem",
    ".p12",
    ".pfx",
    ".keystore",
    ".jks",
    ".kdbx",
    ".ppk",
    ".keytab",
    ".asc.key",
];

/// Parts of paths that hold credentials.
const PLACES: &[&str] = &[
    "/.aws/credentials",
    "/.aws/sso/cache",
    "/.kube/config",
    "/.docker/config.json",
    "/.config/gcloud/",
    "/.config/gh/hosts",
    "/.azure/",
    "/.gnupg/",
    "/.password-store/",
    "/.config/rclone/rclone.conf",
    "/.local/share/keyrings/",
    "/library/keychains/",
    "/.cargo/credentials",
    "/.gem/credentials",
    "/.m2/settings-security",
    "/run/secrets/",
    "/var/run/secrets/",
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/sudoers",
    "/etc/master.passwd",
    "/etc/kubernetes/admin.conf",
    "/etc/kubernetes/pki/",
    "/etc/ssl/private/",
    "/.subversion/auth/",
];

/// Ends that say a file only shows what such a file looks like, or is the public half.
const HARMLESS: &[&str] = &[
    ".example",
    ".sample",
    ".template",
    ".tmpl",
    ".dist",
    ".defaults",
    ".default",
    ".pub",
    ".md",
    ".schema",
    "-example",
    ".schema.json",
    ".test",
    ".testing",
    ".rs",
    ".py",
    ".ts",
    ".js",
    ".go",
];

/// Whether a file of this path usually holds credentials.
pub fn is_secret_path(path: &str) -> bool {
    let path = path
        .trim_end_matches('/')
        .to_ascii_lowercase()
        .replace('\\', "/");
    let name = file_name(&path);
    if HARMLESS.iter().any(|end| name.ends_with(end)) {
        return false;
    }
    if FILES.contains(&name)
        || name.starts_with(".env.")
        || ENDINGS.iter().any(|end| name.ends_with(end))
    {
        // Certificates end like keys and are public.
        let public = ["cert", "chain", "public", "ca-bundle", "cacert", "bundle"];
        return !(name.ends_with(".pem") && public.iter().any(|word| name.contains(word)));
    }
    if name.contains("private") && (name.ends_with(".key") || name.ends_with("_key")) {
        return true;
    }
    let rooted = format!("/{}", path.trim_start_matches('/'));
    let ssh =
        rooted.contains("/.ssh/") && !matches!(name, "config" | "known_hosts" | "authorized_keys");
    let environ = rooted.starts_with("/proc/") && rooted.ends_with("/environ");
    ssh || environ || PLACES.iter().any(|place| rooted.contains(place))
}

/// Whether a variable or field of this name usually holds a credential.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = [
        "token",
        "secret",
        "password",
        "passwd",
        "passphrase",
        "api_key",
        "apikey",
        "private_key",
        "access_key",
        "credential",
        "auth_key",
        "_pat",
        "_pwd",
    ];
    let harmless = [
        "_url",
        "_path",
        "_file",
        "_name",
        "_count",
        "_limit",
        "tokens",
        "tokenizers",
    ];
    words.iter().any(|word| name.contains(word)) && !harmless.iter().any(|end| name.contains(end))
}
