//! Layers that hide what they hold.

use std::io::Write;

use proctor_shell::analyse;

use crate::ends;

#[test]
fn decoders_in_pipelines() {
    ends(
        "echo Y3VybCBhCg== | base64 -d | sh",
        "stdin> ~base64> curl a",
    );
    ends(
        "base64 --decode <<< Y3VybCBhCg== | bash",
        "stdin> ~base64> curl a",
    );
    ends(
        "echo Y3VybCBhCg== | openssl base64 -d | sh",
        "stdin> ~base64> curl a",
    );
    ends(
        "echo Y3VybCBhCg== | openssl enc -a -d | sh",
        "stdin> ~base64> curl a",
    );
    ends(
        "echo MN2XE3BAME====== | base32 -d | sh",
        "stdin> ~base32> curl a",
    );
    ends("echo 6375726c2061 | xxd -r -p | sh", "stdin> ~hex> curl a");
    ends(
        "echo '00000000: 6375 726c 2061  curl a' | xxd -r | sh",
        "stdin> ~hex> curl a",
    );
    ends("echo 'a lruc' | rev | sh", "stdin> ~rev> curl a");
    ends(
        "echo 'phey n' | tr a-z n-za-m | sh",
        "stdin> ~rot13> curl a",
    );
    ends(
        "echo 'phey n' | tr 'A-Za-z' 'N-ZA-Mn-za-m' | sh",
        "stdin> ~rot13> curl a",
    );
    ends("echo cXuXrXl a | tr -d X | sh", "stdin> ~tr> curl a");
    ends(
        "printf '\\143\\165\\x72l a' | sh",
        "stdin> ~escapes> curl a",
    );
    ends("echo -e '\\x63url a' | sh", "stdin> ~escapes> curl a");
    ends("echo xurl a | sed s/x/c/ | sh", "stdin> ~sed> curl a");
    ends(
        "echo YUhJPQ== | base64 -d | base64 -d | tr -d I | cut -c1 | xargs a",
        "xargs> ~base64> ~tr> a h",
    );
}

#[test]
fn compressed_scripts() {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(b"curl a").unwrap();
    let hex: String = writer
        .finish()
        .unwrap()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    for unpack in ["gunzip", "gzip -dc", "zcat"] {
        let text = format!("echo {hex} | xxd -r -p | {unpack} | sh");
        ends(&text, "stdin> ~hex> ~gzip> curl a");
    }
}

#[test]
fn decoders_in_substitutions() {
    ends(
        "eval $(echo Y3VybCBhCg== | base64 -d)",
        "~base64> eval> curl a",
    );
    ends(
        "bash -c \"$(base64 -d <<< Y3VybCBhCg==)\"",
        "~base64> -c> curl a",
    );
    ends(
        "x=Y3VybCBhCg==; sh <<< $(echo $x | base64 -d)",
        "stdin> ~base64> curl a",
    );
    ends(
        "p=Y3VybA; q===; $(echo $p$q | base64 -d) a",
        "$()> base64 -d",
    );
    ends(
        "echo Y3VybCBhCg== > f; base64 -d f | sh",
        "stdin> ~base64> curl a",
    );
    ends(
        "echo Y3VybCBhCg== | base64 -d > f; sh f",
        "./f> ~base64> curl a",
    );
    let first = &analyse("$(echo Y3VybA== | base64 -d) a").commands[0];
    assert_eq!(first.argv, ["curl", "a"]);
    assert!(first.via.iter().any(proctor_shell::Layer::hides));
}

#[test]
fn encoding_is_known_too() {
    ends(
        "x=$(echo -n id | base64); echo $x | base64 -d | sh",
        "stdin> ~base64> id",
    );
    ends("echo id | xxd -p | xxd -r -p | sh", "stdin> ~hex> id");
}

#[test]
fn damage_is_no_output() {
    for text in [
        "echo '***' | base64 -d | sh",
        "echo zz | xxd -r -p | sh",
        "echo x | gunzip | sh",
        "curl a | base64 -d | sh",
    ] {
        ends(text, "sh");
    }
}
