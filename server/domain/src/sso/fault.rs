//! Why a sign-in through a provider failed.

/// Each has a page that helps the honest user, and a row in the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// The answer belongs to no sign-in that this browser began in the last ten minutes, or to one that was answered.
    State,
    /// The answer comes from another provider than the one that was asked.
    MixedUp,
    /// The person, or the provider, said no.
    Declined,
    /// The provider does not take the code: it was used before, or is too old.
    Code,
    /// The provider does not take the gateway's credentials, or its addresses are wrong.
    Misconfigured,
    /// No answer, or none in time.
    Unreachable,
    /// An answer that can't be read, or that lacks what it must have.
    Malformed,
    Issuer,
    Audience,
    Nonce,
    Signature,
    /// Signed in a way that is not accepted: `none`, or with a shared secret.
    Algorithm,
    Expired,
    NotYetValid,
    /// Of a Microsoft tenant that is not let in.
    Tenant,
    /// Of an e-mail domain that is not let in.
    Domain,
    EmailUnverified,
    /// Somebody else here has the address, and accounts are not joined by it.
    EmailTaken,
    /// The account here is disabled.
    Disabled,
    /// Only administrators and auditors may use the dashboard.
    NotAdmitted,
    /// Nothing of that name is configured.
    UnknownProvider,
    /// The database does not answer.
    Unavailable,
}

impl Fault {
    pub const ALL: [Self; 22] = [
        Self::State,
        Self::MixedUp,
        Self::Declined,
        Self::Code,
        Self::Misconfigured,
        Self::Unreachable,
        Self::Malformed,
        Self::Issuer,
        Self::Audience,
        Self::Nonce,
        Self::Signature,
        Self::Algorithm,
        Self::Expired,
        Self::NotYetValid,
        Self::Tenant,
        Self::Domain,
        Self::EmailUnverified,
        Self::EmailTaken,
        Self::Disabled,
        Self::NotAdmitted,
        Self::UnknownProvider,
        Self::Unavailable,
    ];

    /// As the audit log has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::MixedUp => "provider_mixed_up",
            Self::Declined => "declined",
            Self::Code => "code",
            Self::Misconfigured => "misconfigured",
            Self::Unreachable => "unreachable",
            Self::Malformed => "malformed",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Nonce => "nonce",
            Self::Signature => "signature",
            Self::Algorithm => "algorithm",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Tenant => "tenant",
            Self::Domain => "domain",
            Self::EmailUnverified => "email_unverified",
            Self::EmailTaken => "email_taken",
            Self::Disabled => "disabled",
            Self::NotAdmitted => "not_admitted",
            Self::UnknownProvider => "unknown_provider",
            Self::Unavailable => "unavailable",
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
