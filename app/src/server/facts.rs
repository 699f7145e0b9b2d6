//! How this process was started: facts for the settings page, nothing secret.

/// What secrets in the database are encrypted under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SaltKey {
    #[default]
    None,
    /// The master key, for lack of one of their own.
    Master,
    Own,
}

/// What the start found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartFacts {
    /// Of the program.
    pub version: String,
    /// Where the configuration comes from: a path, or in words.
    pub configuration: String,
    /// What `tollgate config check` would warn of.
    pub warnings: usize,
    pub has_master_key: bool,
    /// The process itself serves over TLS.
    pub tls: bool,
    pub salt_key: SaltKey,
    /// Where the journal and, by default, the database are.
    pub data_folder: String,
}
