//! Messages of model providers, from their bytes to Proctor's events.
