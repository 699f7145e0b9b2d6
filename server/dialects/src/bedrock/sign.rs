//! AWS's signature version 4, in headers.
//!
//! A pure function: who signs and when is given. It is the published algorithm over `ring`'s HMAC, and checked against
//! AWS's own test vectors; `aws-sigv4` brings a dozen crates of AWS's runtime for the same two hundred lines.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use ring::{digest, hmac};
use tollgate_domain::secret::Secret;

/// Who signs.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: Secret,
    /// Of temporary credentials.
    pub session_token: Option<Secret>,
}

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signable<'a> {
    /// `POST`.
    pub method: &'a str,
    /// As it is sent, percent-encoding and query included: `/model/x%3A0/converse`.
    pub path: &'a str,
    /// `host` must be among them; every one that is given is signed.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// Where and for whom it is valid.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// `eu-central-1`.
    pub region: &'a str,
    /// `bedrock`.
    pub service: &'a str,
}

/// The headers that the signature adds: names in lower case. The last one is `authorization`.
pub fn sign(
    what: Signable<'_>,
    who: &Credentials,
    scope: Scope<'_>,
    now: DateTime<Utc>,
) -> Vec<(&'static str, Secret)> {
    let hash = hex(digest::digest(&digest::SHA256, what.body).as_ref());
    signed(what, &hash, who, scope, now)
}

fn signed(
    what: Signable<'_>,
    body_hash: &str,
    who: &Credentials,
    scope: Scope<'_>,
    now: DateTime<Utc>,
) -> Vec<(&'static str, Secret)> {
    let moment = now.format("%Y%m%dT%H%M%SZ").to_string();
    let day = &moment[..8];
    let mut headers: Vec<(String, String)> =
        what.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), trimmed(value))).collect();
    headers.push(("x-amz-date".to_owned(), moment.clone()));
    if let Some(token) = &who.session_token {
        headers.push(("x-amz-security-token".to_owned(), token.expose().to_owned()));
    }
    // Stable: values of one name stay in their order.
    headers.sort_by(|one, other| one.0.cmp(&other.0));
    let (path, query) = what.path.split_once('?').unwrap_or((what.path, ""));
    let mut canonical = format!("{}\n{}\n{}\n", what.method, canonical_path(path), canonical_query(query));
    let mut names = String::new();
    let mut last: Option<&str> = None;
    for (name, value) in &headers {
        if last == Some(name) {
            // One line a name, its values joined.
            canonical.pop();
            canonical.push(',');
        } else {
            if last.is_some() {
                names.push(';');
            }
            names.push_str(name);
            canonical.push_str(name);
            canonical.push(':');
        }
        canonical.push_str(value);
        canonical.push('\n');
        last = Some(name);
    }
    let _ = write!(canonical, "\n{names}\n{body_hash}");

    let scope_text = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let hash = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{moment}\n{scope_text}\n{hash}");
    let first = format!("AWS4{}", who.secret_access_key.expose());
    let mut key = hmac::Key::new(hmac::HMAC_SHA256, first.as_bytes());
    for step in [day, scope.region, scope.service, "aws4_request"] {
        key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, step.as_bytes()).as_ref());
    }
    let signature = hex(hmac::sign(&key, to_sign.as_bytes()).as_ref());
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope_text}, SignedHeaders={names}, Signature={signature}",
        who.access_key_id
    );
    let mut out = vec![("x-amz-date", Secret::new(moment.clone()))];
    if let Some(token) = &who.session_token {
        out.push(("x-amz-security-token", token.clone()));
    }
    out.push(("authorization", Secret::new(authorization)));
    out
}

/// Without spaces around it, and with single ones in it.
fn trimmed(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// Encoded once more than it is sent, without dot segments and empty ones.
fn canonical_path(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let mut out = String::new();
    for segment in &kept {
        out.push('/');
        encode(segment.as_bytes(), &mut out);
    }
    if out.is_empty() || path.ends_with('/') {
        out.push('/');
    }
    out
}

/// Sorted, each name and value encoded once.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encoded_once(name), encoded_once(value))
        })
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Whether it came encoded or not.
fn encoded_once(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%').and_then(|two| std::str::from_utf8(two).ok());
        if let Some(value) = digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            decoded.push(value);
            at += 3;
        } else {
            decoded.push(*byte);
            at += 1;
        }
    }
    let mut out = String::with_capacity(text.len());
    encode(&decoded, &mut out);
    out
}

/// Percent-encodes all but the unreserved characters.
pub(crate) fn encode(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(*byte)),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(token: Option<&str>) -> Credentials {
        Credentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
            session_token: token.map(|token| Secret::new(token.to_owned())),
        }
    }

    const HOST: (&str, &str) = ("Host", "example.amazonaws.com");

    fn signature(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8], token: Option<&str>) -> String {
        let now = DateTime::parse_from_rfc3339("2015-08-30T12:36:00Z").unwrap().to_utc();
        let scope = Scope { region: "us-east-1", service: "service" };
        let out = sign(Signable { method, path, headers, body }, &who(token), scope, now);
        let (name, value) = out.last().unwrap();
        assert_eq!(*name, "authorization");
        value.expose().rsplit_once("Signature=").unwrap().1.to_owned()
    }

    /// AWS's published vectors for version 4, by their names there.
    #[test]
    fn awss_vectors_hold() {
        let unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let path = format!("/{unreserved}");
        let query = format!("/?{unreserved}={unreserved}");
        let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        for (name, path, expected) in [
            ("get-vanilla", "/", vanilla),
            ("get-relative-normalized", "/example/..", vanilla),
            ("get-relative-relative-normalized", "/example1/example2/../..", vanilla),
            ("get-slash-normalized", "//", vanilla),
            ("get-slash-dot-slash-normalized", "/./", vanilla),
            (
                "get-slash-pointless-dot-normalized",
                "/./example",
                "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
            ),
            (
                "get-slashes-normalized",
                "//example//",
                "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
            ),
            (
                "get-space-normalized",
                "/example space/",
                "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
            ),
            ("get-unreserved", &path, "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
            ("get-utf8", "/\u{1234}", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
            (
                "get-vanilla-empty-query-key",
                "/?Param1=value1",
                "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
            ),
            (
                "get-vanilla-query-order-encoded",
                "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
                "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
            ),
            (
                "get-vanilla-query-order-key-case",
                "/?Param2=value2&Param1=value1",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "get-vanilla-query-unreserved",
                &query,
                "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
            ),
            (
                "get-vanilla-utf8-query",
                "/?\u{1234}=bar",
                "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
            ),
        ] {
            assert_eq!(signature("GET", path, &[HOST], b"", None), expected, "{name}");
        }
        for (name, headers, expected) in [
            (
                "get-header-key-duplicate",
                vec![HOST, ("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
                "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
            ),
            (
                "get-header-value-multiline",
                vec![HOST, ("My-Header1", "value1\n  value2\n     value3")],
                "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd",
            ),
            (
                "get-header-value-trim",
                vec![HOST, ("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
                "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
            ),
        ] {
            assert_eq!(signature("GET", "/", &headers, b"", None), expected, "{name}");
        }
        for (name, headers, expected) in [
            ("post-vanilla", vec![HOST], "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "post-header-key-sort",
                vec![HOST, ("My-Header1", "value1")],
                "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
            ),
            (
                "post-header-value-case",
                vec![HOST, ("My-Header1", "VALUE1")],
                "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
            ),
        ] {
            assert_eq!(signature("POST", "/", &headers, b"", None), expected, "{name}");
        }
        let hash = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
        let form = |kind| vec![HOST, ("Content-Type", kind), ("Content-Length", "13"), ("x-amz-content-sha256", hash)];
        for (name, kind, expected) in [
            (
                "post-x-www-form-urlencoded",
                "application/x-www-form-urlencoded",
                "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
            ),
            (
                "post-x-www-form-urlencoded-parameters",
                "application/x-www-form-urlencoded; charset=utf-8",
                "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422",
            ),
        ] {
            assert_eq!(signature("POST", "/", &form(kind), b"Param1=value1", None), expected, "{name}");
        }
        let token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
        assert_eq!(
            signature("GET", "/", &[HOST], b"", Some(token)),
            "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
            "get-vanilla-with-session-token"
        );
    }

    #[test]
    fn a_call_of_bedrock_is_signed_as_botocore_signs_it() {
        let now = DateTime::parse_from_rfc3339("2026-01-02T03:04:05Z").unwrap().to_utc();
        let what = Signable {
            method: "POST",
            path: "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse",
            headers: &[("host", "bedrock-runtime.eu-central-1.amazonaws.com"), ("content-type", "application/json")],
            body: br#"{"messages":[]}"#,
        };
        let scope = Scope { region: "eu-central-1", service: "bedrock" };
        let out = sign(what, &who(Some("token")), scope, now);
        assert_eq!(
            out.last().unwrap().1.expose(),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=82e2736d9236dc4c2916e339f13709c50158136f7e7588353efd0cb45a7a4de8"
        );
        assert_eq!(out.len(), 3);
        assert!(!format!("{out:?}{:?}", who(Some("token"))).contains("wJalr"), "secrets don't print");
    }
}
