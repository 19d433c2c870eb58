//! Keys the hashes of credentials in rows whose hash is not keyed: a plain SHA-256.

use crate::Result;
use crate::secrets::Secrets;
use crate::store::Store;
use crate::store::hashes::HashRow;

/// Puts the keyed hash in the place of every plain one; how many there were. Twice, or by two servers at once, is as good as once.
///
/// # Errors
/// As the database.
pub async fn key_plain(store: &Store, secrets: &Secrets) -> Result<usize> {
    let keyed = |rows: Vec<HashRow>| -> Vec<HashRow> {
        let keyed = |row: HashRow| HashRow { id: row.id, hash: secrets.keyed(&row.hash).to_vec() };
        rows.into_iter().map(keyed).collect()
    };
    let mut unit = store.begin().await?;
    let keys = keyed(unit.plain_keys().await?);
    let tokens = keyed(unit.plain_tokens().await?);
    let count = keys.len() + tokens.len();
    if count > 0 {
        unit.key_the_keys(&keys).await?;
        unit.key_the_tokens(&tokens).await?;
        unit.commit().await?;
    }
    Ok(count)
}
