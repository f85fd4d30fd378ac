//! Keys that sign checkpoints, and keys that check them.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

use crate::error::{Error, NoteError};
use crate::merkle::sha256;
use crate::note::{Note, Signature, is_key_name};

const ED25519: u8 = 0x01;
const COSIGNATURE: u8 = 0x04;

/// A private key. Its debug form shows the public half only.
pub struct Key {
    secret: SigningKey,
    public: PublicKey,
}

/// A public key with the name that stands in signature lines.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    /// The algorithm byte of the note format.
    kind: u8,
    key: VerifyingKey,
}

/// A signature that was checked and is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// When a witness says it cosigned, in seconds since 1970; nothing for a log's own signature.
    pub cosigned: Option<u64>,
}

impl Key {
    /// A new key for the log or person of that name.
    ///
    /// # Errors
    /// If the name cannot stand in a signature line, or the system gives no randomness.
    pub fn generate(name: &str) -> Result<Self, Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| Error::NoRandomness)?;
        Ok(Self::new(name, ED25519, &seed)?)
    }

    /// The same key as a witness uses it, for cosignatures.
    pub fn into_witness(mut self) -> Self {
        self.public.kind = COSIGNATURE;
        self
    }

    /// Reads the text form, `PRIVATE+KEY+name+id+base64`.
    ///
    /// # Errors
    /// If the text is not a key; the message never repeats it.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let rest = text
            .strip_suffix('\n')
            .unwrap_or(text)
            .strip_prefix("PRIVATE+KEY+")
            .ok_or(NoteError::Key)?;
        let (name, kind, seed, id) = parse_key(rest).ok_or(NoteError::Key)?;
        let key = Self::new(name, kind, &seed)?;
        (key.public.id() == id).then_some(key).ok_or(NoteError::Key)
    }

    /// The text form, for a file that only its owner can read.
    pub fn to_secret_text(&self) -> String {
        let mut blob = vec![self.public.kind];
        blob.extend(self.secret.to_bytes());
        format!(
            "PRIVATE+KEY+{}+{:08x}+{}\n",
            self.public.name,
            u32::from_be_bytes(self.public.id()),
            STANDARD.encode(blob)
        )
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs the text of a note.
    pub fn sign(&self, text: &str) -> Signature {
        self.line(self.raw_sign(text).to_vec())
    }

    /// Cosigns the text of a checkpoint, as a witness does (`cosignature/v1`).
    ///
    /// `time` is in seconds since 1970. The key must be a witness's.
    pub fn cosign(&self, text: &str, time: u64) -> Signature {
        let signature = self.secret.sign(cosigned(text, time).as_bytes());
        let mut bytes = time.to_be_bytes().to_vec();
        bytes.extend(signature.to_bytes());
        self.line(bytes)
    }

    pub(crate) fn raw_sign(&self, text: &str) -> [u8; 64] {
        self.secret.sign(text.as_bytes()).to_bytes()
    }

    fn line(&self, bytes: Vec<u8>) -> Signature {
        Signature {
            name: self.public.name.clone(),
            id: self.public.id(),
            bytes,
        }
    }

    fn new(name: &str, kind: u8, seed: &[u8; 32]) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::Key);
        }
        let secret = SigningKey::from_bytes(seed);
        let public = PublicKey {
            name: name.to_owned(),
            kind,
            key: secret.verifying_key(),
        };
        Ok(Self { secret, public })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.public)
    }
}

impl PublicKey {
    /// The name of the log, or of the witness.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key id: the first four bytes of SHA-256 of name, newline, algorithm and key.
    pub fn id(&self) -> [u8; 4] {
        let hash = sha256(&[
            self.name.as_bytes(),
            b"\n",
            &[self.kind],
            self.key.as_bytes(),
        ]);
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }

    /// Whether this is the key of a witness.
    pub fn is_witness(&self) -> bool {
        self.kind == COSIGNATURE
    }

    /// Looks for a good signature of this key on the note.
    pub fn verify(&self, note: &Note) -> Option<Verified> {
        let id = self.id();
        note.signatures()
            .iter()
            .filter(|line| line.name == self.name && line.id == id)
            .find_map(|line| self.verify_line(note.text(), line))
    }

    fn verify_line(&self, text: &str, line: &Signature) -> Option<Verified> {
        if !self.is_witness() {
            let signature = line.bytes.as_slice().try_into().ok()?;
            return self
                .raw_verify(text, &signature)
                .then_some(Verified { cosigned: None });
        }
        let (time, signature) = line.bytes.split_first_chunk::<8>()?;
        let time = u64::from_be_bytes(*time);
        self.raw_verify(&cosigned(text, time), signature.try_into().ok()?)
            .then_some(Verified {
                cosigned: Some(time),
            })
    }

    pub(crate) fn raw_verify(&self, text: &str, signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.key.verify_strict(text.as_bytes(), &signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blob = vec![self.kind];
        blob.extend(self.key.as_bytes());
        write!(
            f,
            "{}+{:08x}+{}",
            self.name,
            u32::from_be_bytes(self.id()),
            STANDARD.encode(blob)
        )
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = NoteError;

    /// Reads `name+id+base64`, the form of signed notes ("vkey").
    fn from_str(text: &str) -> Result<Self, NoteError> {
        let (name, kind, bytes, id) = parse_key(text).ok_or(NoteError::Key)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| NoteError::Key)?;
        let key = Self {
            name: name.to_owned(),
            kind,
            key,
        };
        (key.id() == id).then_some(key).ok_or(NoteError::Key)
    }
}

/// Takes `name+id+base64` apart: name, algorithm, 32 bytes, id.
fn parse_key(text: &str) -> Option<(&str, u8, [u8; 32], [u8; 4])> {
    let (name, rest) = text.split_once('+')?;
    let (id, encoded) = rest.split_once('+')?;
    if !is_key_name(name) || id.len() != 8 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let id = u32::from_str_radix(id, 16).ok()?.to_be_bytes();
    let blob = STANDARD.decode(encoded).ok()?;
    let (kind, bytes) = blob.split_first()?;
    if *kind != ED25519 && *kind != COSIGNATURE {
        return None;
    }
    Some((name, *kind, bytes.try_into().ok()?, id))
}

fn cosigned(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_text_and_is_not_shown() {
        let key = Key::generate("example.com/log").unwrap();
        let text = key.to_secret_text();
        let again = Key::parse(&text).unwrap();
        assert_eq!(again.public(), key.public());
        let secret = text.trim_end().rsplit('+').next().unwrap();
        assert!(!format!("{key:?}").contains(secret));
        assert!(Key::generate("two words").is_err());
    }

    #[test]
    fn a_cosignature_is_checked_with_its_time() {
        let witness = Key::generate("witness.example").unwrap().into_witness();
        let mut note = Note::new("example.com/log\n1\nAAAA\n").unwrap();
        note.add(witness.cosign(note.text(), 1_800_000_000));
        let good = witness.public().verify(&note).unwrap();
        assert_eq!(good.cosigned, Some(1_800_000_000));
        let mut line = note.signatures()[0].clone();
        line.bytes[7] ^= 1;
        let mut other = Note::new(note.text()).unwrap();
        other.add(line);
        assert_eq!(witness.public().verify(&other), None);
        let text = witness.public().to_string();
        assert_eq!(&text.parse::<PublicKey>().unwrap(), witness.public());
    }
}
