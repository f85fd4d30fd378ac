//! From sessions and findings to what people read: terminal, JSON, one HTML file.
