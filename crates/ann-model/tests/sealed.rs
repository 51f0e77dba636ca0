//! Files with a header of one's choice and a digest that fits.

use sha2::{Digest, Sha256};

/// What is before the rest of the header: its length, the beginning, and the digest.
pub const PREFIX: usize = 8 + 31 + 64;

/// A file with this header, from the digest on, and these numbers.
pub fn sealed(header: &[u8], data: &[u8]) -> Vec<u8> {
    let length = (PREFIX + header.len()).next_multiple_of(64) - 8;
    let mut bytes = (length as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(br#"{"__metadata__":{"ann.sha256":""#);
    bytes.extend_from_slice(&[b'0'; 64]);
    bytes.extend_from_slice(header);
    bytes.resize(8 + length, b' ');
    bytes.extend_from_slice(data);
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    bytes[39..PREFIX].copy_from_slice(digest.as_bytes());
    bytes
}
