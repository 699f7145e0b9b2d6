// Every page, empty and filled: axe finds nothing, nothing sticks out at the side.

import { expect, test } from "./gateway";
import { inspect } from "./inspect";

test.slow();
test.skip(({ javaScriptEnabled }) => !javaScriptEnabled, "axe is a script");

test("the pages of somebody who is new", async ({ page, gateway }) => {
  await page.goto("/ui/sign-in");
  await inspect(page, "sign-in");
  await page.goto("/ui/sign-in?error=wrong");
  await inspect(page, "sign-in-error");
  await page.goto(gateway.setupLink);
  await inspect(page, "setup");
});

test("the pages while there is nothing", async ({ admin: page }) => {
  await inspect(page, "overview-empty");
  for (const place of ["keys", "requests", "models", "keys/new", "no-such-page"]) {
    await page.goto(`/ui/${place}`);
    await inspect(page, `${place.replace("/", "-")}-empty`);
  }
});

test("the pages of a gateway in use", async ({ admin: page, gateway }) => {
  const key = await gateway.newKey({ key_alias: "team blue", models: ["mock-*", "gpt-4o"], duration: "30d" });
  await gateway.newKey({ key_alias: "a key with quite a long name that somebody thought was a good idea" });
  const models = ["mock-prompt-1000", "mock-prompt-90000+cached-40000", "gpt-4o", "mock-status-429", "mock-no-usage", "gpt-5"];
  for (const model of models) await gateway.call(key, model);
  await expect(async () => {
    await page.goto("/ui/requests");
    await expect(page.locator("tbody tr")).toHaveCount(models.length, { timeout: 100 });
  }).toPass({ timeout: 10_000 });
  await inspect(page, "requests");
  await page.goto("/ui/requests?status=success");
  await inspect(page, "requests-filtered");
  for (const text of ["90,000", "Refused", "429"]) {
    await page.goto("/ui/requests");
    await page.getByRole("row").filter({ hasText: text }).getByRole("link").first().click();
    await expect(page).toHaveURL(/\/ui\/requests\/./);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await inspect(page, `request-${text.toLowerCase().replace(",", "")}`);
  }
  await page.goto("/ui");
  await inspect(page, "overview");
  await page.goto("/ui/keys");
  await inspect(page, "keys");
  await page.getByRole("link", { name: "team blue" }).click();
  await expect(page.getByRole("heading", { name: "team blue", level: 1 })).toBeVisible();
  await inspect(page, "key");
  await page.goto("/ui/models");
  await inspect(page, "models");
  await page.goto("/ui/keys/new");
  await page.getByLabel("Alias").fill("another");
  await page.getByRole("button", { name: "Create key" }).click();
  await expect(page.getByRole("heading", { name: "Key created", level: 1 })).toBeVisible();
  await inspect(page, "key-created");
});
