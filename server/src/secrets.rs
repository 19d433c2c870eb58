//! Keys derived from the root secret: pseudonyms, hashes of credentials and encryption at rest. The master key never reaches the database.

pub mod master;

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::clock::Ambient;
use crate::domain::audit::Seal;
use crate::domain::token;
use crate::{Error, Result, files};

const KEY_BYTES: usize = 32;
/// Marks how a ciphertext was made, so that keys and ciphers can change.
const FORMAT: u8 = 1;

/// What a ciphertext is for; one sealed for one purpose does not open for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Directory name of a subject.
    Name,
    /// Profile of a subject.
    Profile,
    /// State of an open session.
    SessionState,
    /// Window of a session.
    Window,
    /// What a browser keeps while it logs in.
    LogIn,
    /// Signing keys and credentials of a destination.
    Destination,
    /// Answer to a request that carries an idempotency key.
    Answer,
    /// What shows that a database was written under this master key.
    Check,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Name => b"tacit name",
            Self::Profile => b"tacit profile",
            Self::SessionState => b"tacit session state",
            Self::Window => b"tacit window",
            Self::LogIn => b"tacit log-in",
            Self::Destination => b"tacit destination",
            Self::Answer => b"tacit answer",
            Self::Check => b"tacit check",
        }
    }
}

/// Keys in use.
pub struct Secrets {
    pseudonym: hmac::Key,
    credentials: hmac::Key,
    seal: Seal,
    erasures: hmac::Key,
    names: LessSafeKey,
    behaviour: LessSafeKey,
    outward: LessSafeKey,
    ambient: Ambient,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

struct KeyLength;

impl hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

impl Secrets {
    /// Derives the keys.
    ///
    /// # Errors
    /// Internal, when the cryptographic library refuses.
    pub fn derive(master: &[u8; KEY_BYTES], ambient: Ambient) -> Result<Self> {
        let fault = |_| Error::internal("key derivation failed");
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, b"tacit master key v1").extract(master);
        let derive = |label: &[u8]| -> Result<Zeroizing<[u8; KEY_BYTES]>> {
            let mut key = Zeroizing::new([0; KEY_BYTES]);
            secret.expand(&[label], KeyLength).and_then(|okm| okm.fill(&mut *key)).map_err(fault)?;
            Ok(key)
        };
        let cipher = |label: &[u8]| -> Result<LessSafeKey> {
            Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*derive(label)?).map_err(fault)?))
        };
        Ok(Self {
            pseudonym: hmac::Key::new(hmac::HMAC_SHA256, &*derive(b"pseudonym")?),
            credentials: hmac::Key::new(hmac::HMAC_SHA256, &*derive(b"credentials")?),
            seal: Seal::new(hmac::Key::new(hmac::HMAC_SHA256, &*derive(b"audit")?)),
            erasures: hmac::Key::new(hmac::HMAC_SHA256, &*derive(b"erasures")?),
            names: cipher(b"names")?,
            behaviour: cipher(b"behaviour")?,
            outward: cipher(b"outward")?,
            ambient,
        })
    }

    /// The pseudonym of an account: `s_` and 32 hexadecimal digits of a keyed hash. Case and surrounding space of the
    /// account do not matter: directories compare names that way. A subject that was renewed has one of a later generation than 0.
    #[must_use]
    pub fn pseudonym(&self, account: &str, generation: i32) -> String {
        let mut hashed = account.trim().to_lowercase().into_bytes();
        if generation > 0 {
            hashed.push(0);
            hashed.extend_from_slice(&generation.to_be_bytes());
        }
        let tag = hmac::sign(&self.pseudonym, &hashed);
        format!("s_{}", hex::encode(&tag.as_ref()[..16]))
    }

    /// The pseudonyms of an account in every generation up to the latest: whoever logs on may stand under any of them.
    #[must_use]
    pub fn pseudonyms(&self, account: &str, latest: i32) -> Vec<String> {
        (0..=latest).map(|generation| self.pseudonym(account, generation)).collect()
    }

    /// Hash of an API key, an enrolment token or a cookie: what is stored and looked up.
    #[must_use]
    pub fn hash(&self, credential: &str) -> [u8; 32] {
        self.keyed(&token::digest(credential))
    }

    /// The hash of a credential of which no more is left than its SHA-256.
    #[must_use]
    pub fn keyed(&self, digest: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(&self.credentials, digest).as_ref());
        out
    }

    /// What seals the audit log.
    #[must_use]
    pub fn seal_of_audit(&self) -> Seal {
        self.seal.clone()
    }

    /// Marks an id as erased, without saying which it was.
    #[must_use]
    pub fn erasure_mark(&self, id: impl AsRef<[u8]>) -> Vec<u8> {
        hmac::sign(&self.erasures, id.as_ref()).as_ref().to_vec()
    }

    /// Marks an id as renewed, without saying which it was.
    #[must_use]
    pub fn renewal_mark(&self, id: impl AsRef<[u8]>) -> Vec<u8> {
        hmac::sign(&self.erasures, &[b"renewed ", id.as_ref()].concat()).as_ref().to_vec()
    }

    /// The id of the subject that takes the place of one that is renewed: always the same, so that a backup that is restored becomes
    /// again what it had become, and of no use to whoever lacks the key.
    #[must_use]
    pub fn successor(&self, id: Uuid) -> Uuid {
        let tag = hmac::sign(&self.erasures, &[b"successor ", id.as_bytes().as_slice()].concat());
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// Encrypts, bound to a row and a purpose.
    ///
    /// # Errors
    /// Internal, when the cryptographic library refuses.
    pub fn seal(&self, purpose: Purpose, row: impl AsRef<[u8]>, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = self.ambient.bytes();
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let start = 1 + NONCE_LEN;
        let tag = self
            .key(purpose)
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(aad(purpose, row.as_ref())),
                &mut sealed[start..],
            )
            .map_err(|_| Error::internal("encryption failed"))?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Decrypts what [`Secrets::seal`] made of the same purpose and row.
    ///
    /// # Errors
    /// Internal, when the ciphertext was made under another master key, for another row or purpose, or was altered.
    pub fn open(&self, purpose: Purpose, row: impl AsRef<[u8]>, sealed: &[u8]) -> Result<Vec<u8>> {
        let refuse = || {
            let row = hex::encode(row.as_ref());
            Error::internal(format!("{purpose:?} of {row} does not open: another master key, or altered"))
        };
        let (&format, rest) = sealed.split_first().ok_or_else(refuse)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or_else(refuse)?;
        if format != FORMAT {
            return Err(refuse());
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| refuse())?;
        let mut body = body.to_vec();
        let length = self
            .key(purpose)
            .open_in_place(nonce, Aad::from(aad(purpose, row.as_ref())), &mut body)
            .map_err(|_| refuse())?
            .len();
        body.truncate(length);
        Ok(body)
    }

    fn key(&self, purpose: Purpose) -> &LessSafeKey {
        match purpose {
            Purpose::Name => &self.names,
            Purpose::Destination => &self.outward,
            Purpose::Profile
            | Purpose::SessionState
            | Purpose::Window
            | Purpose::LogIn
            | Purpose::Answer
            | Purpose::Check => &self.behaviour,
        }
    }
}

fn aad(purpose: Purpose, row: &[u8]) -> Vec<u8> {
    [purpose.label(), row].concat()
}

/// Makes a master key of 32 random bytes, in a file that its owner alone can read. Folders that are not there are made for the
/// owner alone; one that is there stays as it is.
///
/// # Errors
/// When the file cannot be made.
pub fn make_master_key(path: &Path, ambient: &Ambient) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let key = Zeroizing::new(ambient.bytes::<KEY_BYTES>());
    // A crash must not leave a short key that later starts would refuse.
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(&*key)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    // What is written under the key must not outlive it when the power fails.
    fs::File::open(directory)?.sync_all()
}

/// Reads the master key: a file of 32 bytes, readable by its owner alone. `None` if there is no file.
///
/// # Errors
/// When the file cannot be read, is no regular one, has another length, or can be read by others.
pub fn master_key(path: &Path) -> io::Result<Option<Zeroizing<[u8; KEY_BYTES]>>> {
    let bytes = match files::read_secret(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    let key: [u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{} must hold {KEY_BYTES} bytes", path.display()))
    })?;
    Ok(Some(Zeroizing::new(key)))
}
