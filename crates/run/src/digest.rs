//! A digest that is the same in every version and on every machine.

/// Returns the FNV-1a digest of `bytes`. It notices changes; it keeps no secrets.
pub(crate) fn digest(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
