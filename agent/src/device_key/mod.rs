//! The device's key pair: a place that keeps it, and what the agent does with it. A place a file.
//!
//! To keep keys elsewhere, such as in a TPM or a keychain of the system: a file with a [`Keeper`] whose [`DeviceKey`] signs there,
//! and its line in [`keeper`].

mod file;

use std::path::Path;

use anyhow::Result;

pub(crate) use file::KEY;

/// The Ed25519 key pair of a device. Its private half never leaves the device, nor, if that is so, the place that keeps it.
pub trait DeviceKey: Send + Sync {
    /// Public key, 32 bytes.
    fn public(&self) -> &[u8];

    /// Signature, 64 bytes.
    ///
    /// # Errors
    /// When the place that keeps the key cannot sign.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>>;
}

/// A place that keeps the key of a device, and the one that is to follow it.
pub trait Keeper {
    /// The key.
    ///
    /// # Errors
    /// When there is none, or it is damaged, or others could use it.
    fn load(&self) -> Result<Box<dyn DeviceKey>>;

    /// The key, made if there is none.
    ///
    /// # Errors
    /// As [`Keeper::load`], or when none can be made.
    fn load_or_make(&self) -> Result<Box<dyn DeviceKey>>;

    /// The key that is to follow, made if there is none.
    ///
    /// # Errors
    /// As [`Keeper::load_or_make`].
    fn load_or_make_next(&self) -> Result<Box<dyn DeviceKey>>;

    /// Whether there is a key that is to follow, which the server may have by now.
    fn has_next(&self) -> bool;

    /// Puts the key that was to follow in the place of the old one.
    ///
    /// # Errors
    /// When it cannot be put there; both are then kept.
    fn adopt_next(&self) -> Result<()>;

    /// How long ago the key was made, in milliseconds; `None` if that cannot be told.
    fn age_ms(&self, now_ms: u64) -> Option<u64>;
}

/// What keeps the key of the device whose state folder this is.
#[must_use]
pub fn keeper(state: &Path) -> impl Keeper {
    file::Files::new(state)
}
