use super::*;

#[test]
fn hosts_of_addresses() {
    for (address, expected) in [
        ("https://user:pw@Example.org:8080/a?b", Some("example.org")),
        ("git@github.com:a/b.git", Some("github.com")),
        ("http://[2001:db8::1]:80/", Some("2001:db8::1")),
        ("http://localhost:3000", None),
        ("http://127.0.0.1/x", None),
        ("how to bake bread", None),
        ("file.txt", Some("file.txt")),
        ("", None),
    ] {
        assert_eq!(host(address).as_deref(), expected, "{address}");
    }
}
