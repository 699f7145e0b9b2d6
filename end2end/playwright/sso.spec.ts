// Coming in through a provider, in a real browser.

import { inspect } from "./inspect";
import { expect, type Office, signInThere, test } from "./provider";
import type { Page } from "@playwright/test";

test.slow();

async function signIn(page: Page, label: string, name: string): Promise<void> {
  await page.goto("/ui/sign-in");
  await page.getByRole("link", { name: `Continue with ${label}` }).click();
  await signInThere(page, name);
}

const me = (page: Page) => page.locator(".facts, dl").first();

async function userId(office: Office, email: string): Promise<string> {
  return office.sql(`SELECT id FROM users WHERE body LIKE '%"${email}"%'`).match(/[0-9a-f-]{36}/)?.[0] ?? "";
}

test("a generic provider: made at the first sign-in, with the role of the groups", async ({ page, office }) => {
  await page.goto("/ui/keys?q=x");
  await expect(page).toHaveURL(/\/ui\/sign-in/);
  await page.getByRole("link", { name: "Continue with Example SSO" }).click();
  await signInThere(page, "eve");
  // Where one wanted to go.
  await expect(page).toHaveURL(/\/ui\/keys\?q=x$/);
  await page.goto("/ui/account");
  await expect(me(page)).toContainText("eve@example.com");
  await expect(me(page)).toContainText(/admin/i);
  await expect(page.getByRole("row", { name: /generic/ })).toContainText("This one");

  // The provider remembers; the groups are others now, and the same person has another role.
  office.generic.people.set("eve", { email: "eve@example.com", email_verified: true, name: "Eve Example", groups: ["staff"] });
  office.sql("SELECT 1");
  await page.context().clearCookies({ name: "tollgate" });
  await page.goto("/ui/sign-in");
  await page.getByRole("link", { name: "Continue with Example SSO" }).click();
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await page.goto("/ui/account");
  // The last administrator stays one: nobody could let others in again.
  await expect(me(page)).toContainText(/admin/i);
  expect(office.sql("SELECT count(*) FROM users")).toContain("(1,)");
});

test("left groups are left", async ({ page, office }) => {
  await signIn(page, "Example SSO", "eve");
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await page.context().clearCookies();
  await signIn(page, "Example SSO", "bob");
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await page.goto("/ui/account");
  await expect(me(page)).toContainText(/member/i);
  office.generic.people.set("bob", { email: "bob@example.com", email_verified: true, groups: [] });
  await page.context().clearCookies({ name: "tollgate" });
  await page.goto("/ui/sign-in");
  await page.getByRole("link", { name: "Continue with Example SSO" }).click();
  await page.goto("/ui/account");
  await expect(me(page)).toContainText(/viewer/i);
});

test("signing out here, and there", async ({ page, office, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, "the provider's own sign-out page submits itself");
  await signIn(page, "Example SSO", "eve");
  await page.locator("summary", { hasText: "Eve Example" }).click();
  await page.getByRole("group").getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out.")).toBeVisible();
  await page.goto("/ui");
  await expect(page).toHaveURL(/\/ui\/sign-in/);

  // In again: the provider still knows who it is, and asks nothing.
  await page.getByRole("link", { name: "Continue with Example SSO" }).click();
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await page.locator("summary", { hasText: "Eve Example" }).click();
  await page.getByRole("group").getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("link", { name: "sign out there too" }).click();
  await page.getByRole("button", { name: /Yes, sign me out/ }).click();
  await expect(page).toHaveURL(`${office.url}/ui/sign-in`);
  await page.getByRole("link", { name: "Continue with Example SSO" }).click();
  await expect(page.getByPlaceholder("Enter any login")).toBeVisible();
});

test("signing out there ends the session here", async ({ page, office, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, "the provider's own sign-out page submits itself");
  await signIn(page, "Example SSO", "eve");
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await page.goto(`${office.generic.origin}/session/end`);
  await page.getByRole("button", { name: /Yes, sign me out/ }).click();
  await expect(page.getByText(/sign-out success/i)).toBeVisible();
  await page.goto(`${office.url}/ui`);
  await expect(page).toHaveURL(/\/ui\/sign-in/);
  expect(office.sql("SELECT action FROM audit_events ORDER BY id DESC LIMIT 1")).toContain("session.end");
});

test("an expired session, and a deactivated user", async ({ page, office }) => {
  await signIn(page, "Example SSO", "eve");
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  office.sql("UPDATE sessions SET expires_at = 1");
  await page.goto("/ui/keys");
  await expect(page).toHaveURL(/\/ui\/sign-in/);
  await page.getByRole("link", { name: "Continue with Example SSO" }).click();
  await expect(page).toHaveURL(/\/ui\/keys$/);

  // Bob is here, in another browser, when Eve disables him.
  const other = await page.context().browser()?.newContext({ baseURL: office.url });
  if (!other) throw new Error("no browser");
  const bobs = await other.newPage();
  await signIn(bobs, "Example SSO", "bob");
  await expect(bobs.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await page.goto(`/ui/users/${await userId(office, "bob@example.com")}`);
  await page.getByRole("button", { name: "Disable" }).click();
  await expect(page.getByText("The user is disabled")).toBeVisible();
  await bobs.goto("/ui/keys");
  await expect(bobs).toHaveURL(/\/ui\/sign-in/);
  await bobs.getByRole("link", { name: "Continue with Example SSO" }).click();
  await expect(bobs.getByRole("heading", { name: "Your account is disabled" })).toBeVisible();
  await expect(bobs.getByText(/Request id: [0-9a-f-]{36}/)).toBeVisible();
  await other.close();
});

test("a provider like Google: the hosted domain decides", async ({ page }) => {
  await signIn(page, "Google", "private");
  await expect(page.getByRole("heading", { name: "Your account's domain is not let in" })).toBeVisible();
  await page.context().clearCookies();
  await signIn(page, "Google", "gina");
  await page.goto("/ui/account");
  await expect(me(page)).toContainText("gina@example.com");
  await expect(me(page)).toContainText(/member/i);
});

test("a provider like Microsoft: the tenant decides", async ({ page, office }) => {
  await signIn(page, "Microsoft", "mia");
  await page.goto("/ui/account");
  await expect(me(page)).toContainText("mia@example.com");
  expect(office.sql("SELECT issuer, subject FROM identities")).toContain("object-mia");
  // The same provider, and a token that says it is of another tenant.
  office.microsoft.people.set("mia", { oid: "object-mia", tid: "99999999-2222-3333-4444-555555555555" });
  await page.context().clearCookies({ name: "tollgate" });
  await page.goto("/ui/sign-in");
  await page.getByRole("link", { name: "Continue with Microsoft" }).click();
  await expect(page.getByRole("heading", { name: "The provider is not the one that was expected" })).toBeVisible();
});

test("the pages", async ({ page, office, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, "axe is a script");
  await page.goto("/ui/sign-in");
  await inspect(page, "sign-in-providers");
  await page.getByText("Sign in with a password").click();
  await inspect(page, "sign-in-providers-open");
  await page.goto("/sso/callback?state=x");
  await inspect(page, "sign-in-over");
  await signIn(page, "Example SSO", "eve");
  await page.goto("/ui/account");
  await inspect(page, "account-sessions");
  await page.locator("summary", { hasText: "Eve Example" }).click();
  await page.getByRole("group").getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("link", { name: "sign out there too" })).toBeVisible();
  await inspect(page, "signed-out");
  expect(office.url).toContain("127.0.0.1");
});
