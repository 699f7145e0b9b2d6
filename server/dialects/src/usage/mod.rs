//! What a call used, as each provider's answers report it.
