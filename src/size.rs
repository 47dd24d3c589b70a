//! Sizes as people write them: `65536`, `64K`, `64KiB`.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeError {
    Invalid,
    Zero,
    TooLarge,
}

/// Reads a number of bytes, at least one. Units are powers of 1024.
pub fn parse(text: &str) -> Result<u64, SizeError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(SizeError::Invalid);
    }
    let factor = unit_bytes(unit).ok_or(SizeError::Invalid)?;
    let bytes = number.parse::<u64>().ok();
    match bytes.and_then(|number| number.checked_mul(factor)) {
        None => Err(SizeError::TooLarge),
        Some(0) => Err(SizeError::Zero),
        Some(bytes) => Ok(bytes),
    }
}

/// `KB` is not accepted, because many read it as 1000 bytes.
fn unit_bytes(unit: &str) -> Option<u64> {
    match unit.to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "k" | "kib" => Some(1 << 10),
        "m" | "mib" => Some(1 << 20),
        "g" | "gib" => Some(1 << 30),
        _ => None,
    }
}
