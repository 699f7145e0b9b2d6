//! Second factors, invitations, and tokens of identity providers, as pages.

use http::StatusCode;

use super::site::{PASSWORD, Site};

const PAGE: &str = "/ui/account/second-factor";

/// What an authenticator app shows, by a secret in base32; `later`: so many steps on.
fn shown(secret: &str, later: i64) -> String {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let values = secret.chars().map(|c| letters.find(c).unwrap());
    let bits: Vec<usize> = values.flat_map(|value| (0..5).rev().map(move |at| value >> at & 1)).collect();
    let byte = |bits: &[usize]| u8::try_from(bits.iter().fold(0, |all, bit| all << 1 | bit)).unwrap();
    let bytes: Vec<u8> = bits.chunks_exact(8).map(byte).collect();
    let now = tollgate_domain::Clock::now(&tollgate_domain::clock::SystemClock).0 / 30_000_000 + later;
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let digest = ring::hmac::sign(&key, &now.to_be_bytes());
    let digest = digest.as_ref();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[tokio::test]
async fn a_second_factor_is_set_up_asked_for_and_taken_away() {
    let mut site = Site::open().await;
    site.get("/ui/account").await.says("Second factor").says(PAGE);
    site.get(PAGE).await.says("Set it up");
    let page = site.post(PAGE, &[("do", "begin")]).await;
    assert_eq!((page.status, page.headers["cache-control"].to_str().unwrap()), (StatusCode::OK, "no-store"));
    let secret = page.between("otpauth://totp/", "&amp;issuer").rsplit_once('=').unwrap().1.to_owned();
    page.says(&secret);
    // A page that was only loaded again shows nothing of it.
    site.get(PAGE).await.says("no code was typed yet").never_says(&secret);
    let page = site.post(PAGE, &[("do", "confirm"), ("code", "000000")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("hat is not the code");
    let page = site.post(PAGE, &[("do", "confirm"), ("code", &shown(&secret, 0))]).await;
    page.says("recovery codes");
    let codes = page.between("<code>", "</code>");
    assert_eq!(codes.lines().count(), 10);
    site.get(PAGE).await.says("10 recovery codes are left").never_says(codes.lines().next().unwrap());

    let form = [("email", "ada@example.com"), ("password", PASSWORD)];
    site.take_cookie("");
    let page = site.post("/ui/sign-in", &form).await;
    assert_eq!(page.location(), "/ui/sign-in?error=code");
    site.get("/ui/sign-in?error=code").await.says("name=\"code\"");
    site.get("/ui/sign-in").await.never_says("name=\"code\"");
    let with = |code: String| [form[0], form[1], ("code", Box::leak(code.into_boxed_str()) as &str)];
    let page = site.post("/ui/sign-in", &with("123".to_owned())).await;
    assert_eq!(page.location(), "/ui/sign-in?error=wrong-code");
    let page = site.post("/ui/sign-in", &with(shown(&secret, 1))).await;
    assert_eq!(page.location(), "/ui");
    let cookie = page.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    site.take_cookie(&cookie);
    let page = site.post(PAGE, &[("do", "remove"), ("code", "nothing")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let first = codes.lines().next().unwrap().to_owned();
    let page = site.post(PAGE, &[("do", "remove"), ("code", &first)]).await;
    assert_eq!(page.location(), "/ui/account/second-factor?notice=removed");
    site.take_cookie("");
    assert_eq!(site.post("/ui/sign-in", &form).await.location(), "/ui");
}

#[tokio::test]
async fn an_invitation_leads_in() {
    let mut site = Site::open().await;
    let fields = [("email", "bob@example.com"), ("name", "Bob"), ("role", "member")];
    let id = site.post("/ui/users/new", &fields).await.new_id("/ui/users/");
    let path = format!("/ui/users/{id}/invite");
    site.get(&path).await.says("Make the link");
    let page = site.post(&path, &[]).await;
    page.says("The link is shown once");
    let link = page.between("/ui/invitation?token=", "\"");
    site.take_cookie("");
    let page = site.get(&format!("/ui/invitation?token={link}")).await;
    page.says("Choose a password").says(&link);
    let post = |password: &'static str, repeat: &'static str| {
        vec![("token", Box::leak(link.clone().into_boxed_str()) as &str), ("password", password), ("repeat", repeat)]
    };
    let page = site.post("/ui/invitation", &post(PASSWORD, "another one, longer")).await;
    assert!(page.location().starts_with("/ui/invitation?error=repeat&token="));
    let page = site.post("/ui/invitation", &post("short", "short")).await;
    assert!(page.location().starts_with("/ui/invitation?error=password&token="));
    let page = site.post("/ui/invitation", &post(PASSWORD, PASSWORD)).await;
    assert_eq!(page.location(), "/ui");
    assert!(page.headers.contains_key("set-cookie"));
    let page = site.post("/ui/invitation", &post(PASSWORD, PASSWORD)).await;
    assert!(page.location().starts_with("/ui/invitation?error=token"));
    site.sign_in("bob@example.com").await;
    assert_eq!(site.get("/ui/account").await.status, StatusCode::OK);
    // A member invites nobody.
    assert_eq!(site.get(&path).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_token_for_provisioning_is_shown_once_and_revoked() {
    let site = Site::open().await;
    site.get("/ui/scim").await.says("No tokens yet").says("/scim/v2");
    let page = site.post("/ui/scim", &[("name", "")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = site.post("/ui/scim", &[("name", "Entra ID"), ("expires", "2126-01-01")]).await;
    page.says("shown once").says("Entra ID");
    let token = page.between("value=\"scim-", "\"");
    assert_eq!(token.len(), 64);
    let page = site.get("/ui/scim").await;
    page.says("Entra ID").never_says(&token);
    let id = page.between("/ui/scim/", "/revoke");
    let page = site.post(&format!("/ui/scim/{id}/revoke"), &[]).await;
    assert_eq!(page.location(), "/ui/scim?notice=revoked");
    site.get("/ui/scim").await.says("No tokens yet");
}
