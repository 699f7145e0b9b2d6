// Coming in and going out.

import { administrator, expect, setUp, test } from "./gateway";

test("the printed link makes the first administrator, once", async ({ page, gateway }) => {
  await setUp(page, gateway);
  await expect(page).toHaveTitle(/Overview · Tollgate/);

  await page.context().clearCookies();
  await page.goto(gateway.setupLink);
  await page.getByLabel("E-mail address").fill("mallory@example.com");
  await page.getByLabel("Password", { exact: true }).fill("another long password");
  await page.getByLabel("Password, again").fill("another long password");
  await page.getByRole("button", { name: "Create administrator" }).click();
  await expect(page.getByText(/administrator already|does not work any more/)).toBeVisible();
  await page.goto("/ui/keys");
  await expect(page).toHaveURL(/\/ui\/sign-in/);
});

test("a wrong link makes nobody", async ({ page, gateway }) => {
  await page.goto(gateway.setupLink.replace(/token=.*/, `token=${"0".repeat(64)}`));
  await page.getByLabel("E-mail address").fill("mallory@example.com");
  await page.getByLabel("Password", { exact: true }).fill("another long password");
  await page.getByLabel("Password, again").fill("another long password");
  await page.getByRole("button", { name: "Create administrator" }).click();
  await expect(page.getByText("does not work any more")).toBeVisible();
  // The right one still does.
  await setUp(page, gateway);
});

test("sign out, and in again to where one wanted to go", async ({ admin: page }) => {
  await page.locator("summary", { hasText: administrator.name }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out.")).toBeVisible();

  await page.goto("/ui/keys?q=x");
  await expect(page).toHaveURL(/\/ui\/sign-in/);
  await page.getByLabel("E-mail address").fill(administrator.email);
  await page.getByLabel("Password").fill("wrong password, surely");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("E-mail address or password are wrong")).toBeVisible();

  await page.getByLabel("E-mail address").fill(administrator.email);
  await page.getByLabel("Password").fill(administrator.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/ui\/keys\?q=x$/);
  await expect(page.getByRole("heading", { name: "Keys", level: 1 })).toBeVisible();
});

test("an address that is none says so", async ({ admin: page }) => {
  const answer = await page.goto("/ui/no/such/page");
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "There is nothing at this address" })).toBeVisible();
});
