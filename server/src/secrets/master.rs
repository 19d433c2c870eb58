//! The master key: what wraps the root secret, from which every other key is derived. It is a file, a variable of the
//! environment, or a command that asks a key service; it never reaches the database.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{KEY_BYTES, KeyLength};
use crate::clock::Ambient;
use crate::{Error, Result};

/// A key of 32 bytes.
pub type Key = Zeroizing<[u8; KEY_BYTES]>;

/// How a root secret was wrapped: by a key that this process knows.
const BY_KEY: u8 = 1;
/// By a command.
const BY_COMMAND: u8 = 2;
const BOUND_TO: &[u8] = b"tacit root secret v1";
/// No key service gives back more.
const LARGEST_ANSWER: usize = 64 * 1024;

/// What wraps and unwraps the root secret.
#[derive(Clone)]
pub enum Master {
    /// A key that this process knows.
    Key(Key),
    /// A command, run by the shell with `wrap` or `unwrap` as its argument: bytes on its standard input, bytes on its standard
    /// output.
    Command(String),
}

impl std::fmt::Debug for Master {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Master::Key",
            Self::Command(_) => "Master::Command",
        })
    }
}

impl Master {
    /// Wraps a root secret.
    ///
    /// # Errors
    /// Internal, when the cryptographic library refuses; unavailable, when the command does not do its work.
    pub fn wrap(&self, root: &Key, ambient: &Ambient) -> Result<Vec<u8>> {
        match self {
            Self::Key(key) => {
                let fault = |_| Error::internal("wrapping the root secret failed");
                let nonce: [u8; NONCE_LEN] = ambient.bytes();
                let mut body = root.to_vec();
                let tag = cipher(key)?
                    .seal_in_place_separate_tag(
                        Nonce::assume_unique_for_key(nonce),
                        Aad::from(BOUND_TO),
                        &mut body,
                    )
                    .map_err(fault)?;
                Ok([&[BY_KEY], nonce.as_slice(), &body, tag.as_ref()].concat())
            }
            Self::Command(command) => {
                Ok([&[BY_COMMAND], run(command, "wrap", root.as_slice())?.as_slice()].concat())
            }
        }
    }

    /// Unwraps a root secret.
    ///
    /// # Errors
    /// Conflict, when it was wrapped by something else; unavailable, when the command does not do its work.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<Key> {
        let other = || {
            Error::conflict(
                "the database was written under another master key: restore that key, or use another database",
            )
        };
        let (&how, rest) = wrapped.split_first().ok_or_else(other)?;
        let plain = match (self, how) {
            (Self::Key(key), BY_KEY) => {
                let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or_else(other)?;
                let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| other())?;
                let mut body = Zeroizing::new(body.to_vec());
                let opened = cipher(key)?.open_in_place(nonce, Aad::from(BOUND_TO), &mut body);
                Zeroizing::new(opened.map_err(|_| other())?.to_vec())
            }
            (Self::Command(command), BY_COMMAND) => run(command, "unwrap", rest)?,
            _ => return Err(other()),
        };
        let root: [u8; KEY_BYTES] = plain.as_slice().try_into().map_err(|_| other())?;
        Ok(Zeroizing::new(root))
    }
}

fn cipher(key: &Key) -> Result<LessSafeKey> {
    let fault = |_| Error::internal("key derivation failed");
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, b"tacit master key v2").extract(key.as_slice());
    let mut wrapping = Zeroizing::new([0; KEY_BYTES]);
    secret
        .expand(&[b"wrap root".as_slice()], KeyLength)
        .and_then(|okm| okm.fill(&mut *wrapping))
        .map_err(fault)?;
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*wrapping).map_err(fault)?))
}

fn run(command: &str, task: &str, input: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let failed = |why: String| Error::unavailable(format!("the master key command did not {task}: {why}"));
    let mut child = Command::new("/bin/sh")
        .args(["-c", &format!("{command} \"$1\""), "sh", task])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that reads nothing says itself what is wrong.
        let _ = stdin.write_all(input);
    }
    let mut output = Zeroizing::new(Vec::new());
    if let Some(stdout) = child.stdout.take() {
        let most = u64::try_from(LARGEST_ANSWER).unwrap_or(u64::MAX);
        stdout.take(most).read_to_end(&mut output).map_err(|error| failed(error.to_string()))?;
    }
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    if !status.success() || output.is_empty() {
        return Err(failed(format!("{status}, {} bytes", output.len())));
    }
    Ok(output)
}

/// Reads a master key as the environment gives it: 32 bytes in base64 or hexadecimal.
///
/// # Errors
/// Invalid argument for anything else.
pub fn from_text(text: &str) -> Result<Key> {
    let text = text.trim();
    let bytes = Zeroizing::new(hex::decode(text).or_else(|_| STANDARD.decode(text)).unwrap_or_default());
    let key: [u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| {
        Error::invalid(format!("the master key must be {KEY_BYTES} bytes in base64 or hexadecimal"))
    })?;
    Ok(Zeroizing::new(key))
}
