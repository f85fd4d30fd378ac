//! Doors for the fuzz targets to readers of foreign bytes that have no other public name.

/// Reads a commit frame; answers its length if it is one.
pub fn frame(bytes: &[u8]) -> Option<usize> {
    let (frame, length) = crate::frame::decode(bytes)?;
    for record in &frame.records {
        let _ = crate::record::decode(record);
    }
    Some(length)
}

/// Reads a stored record; answers how many bytes it stands for.
pub fn record(bytes: &[u8]) -> Option<u64> {
    crate::record::decode(bytes).map(|record| record.len())
}

/// Reads the index of a segment.
pub fn index(bytes: &[u8]) -> bool {
    crate::segment::Index::decode(bytes).is_some()
}
