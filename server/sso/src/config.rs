//! What is known of a provider beforehand. All of it comes from the configuration, never from a caller.

use std::collections::BTreeSet;

use tollgate_domain::secret::Secret;

/// One provider.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// In addresses and the audit log: `google`.
    pub name: String,
    /// On the button: `Google`.
    pub label: String,
    pub flavour: Flavour,
    pub endpoints: Endpoints,
    pub client_id: String,
    /// `None`: a public client, by PKCE alone.
    pub client_secret: Option<Secret>,
    pub scopes: Vec<String>,
    pub claims: ClaimNames,
    /// Microsoft Graph (`https://graph.microsoft.com/v1.0`), which is asked for the groups of somebody who is in more of
    /// them than a token has room for. Needs the scope `User.Read`.
    pub graph: Option<String>,
}

/// What is particular about a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flavour {
    Generic {
        /// Addresses count as verified though the provider does not say so.
        trust_email: bool,
    },
    /// The domains of Google Workspace that are let in, as `hd` has them; empty: everybody with an account.
    Google {
        domains: BTreeSet<String>,
    },
    Microsoft {
        tenants: Tenants,
    },
}

/// Which of Microsoft's tenants are let in. There is no way to let in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tenants {
    /// The one that the issuer of the provider's metadata names.
    OfIssuer,
    /// These, by their ids, in lower case.
    Only(BTreeSet<String>),
}

/// Where the provider is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoints {
    /// Found out from `{issuer}/.well-known/openid-configuration`.
    Discovered { issuer: String },
    /// For providers that have no such document.
    Explicit {
        authorization: String,
        token: String,
        userinfo: Option<String>,
        /// Issuer and keys. Without them there are no ID tokens to believe in: who it is comes from `userinfo`.
        signed: Option<(String, String)>,
        end_session: Option<String>,
    },
}

/// Which claims say what; a dot leads into an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames {
    /// Who it is, where there is no ID token; otherwise only another name for `PROXY_ADMIN_ID`.
    pub id: String,
    pub email: String,
    pub name: String,
    pub first_name: String,
    pub last_name: String,
    /// A role, or a list of them.
    pub role: String,
    pub groups: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            id: "sub".to_owned(),
            email: "email".to_owned(),
            name: "name".to_owned(),
            first_name: "given_name".to_owned(),
            last_name: "family_name".to_owned(),
            role: "role".to_owned(),
            groups: "groups".to_owned(),
        }
    }
}
