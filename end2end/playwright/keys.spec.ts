// From a new key to its end, and what its calls leave behind.

import type { Page } from "@playwright/test";
import { expect, type Gateway, test } from "./gateway";

// 1,000 tokens at $2 and 16 at $8 a million: exact, and as tables show it.
const COST = "$0.002128";
const SHORT_COST = "$0.00213";

async function createKey(page: Page, alias: string): Promise<string> {
  await page.goto("/ui/keys");
  await page.getByRole("link", { name: /Create (the first )?key/ }).first().click();
  await page.getByLabel("Alias").fill(alias);
  await page.getByRole("button", { name: "Create key" }).click();
  await expect(page.getByRole("heading", { name: "Key created", level: 1 })).toBeVisible();
  return await page.getByLabel("Key", { exact: true }).inputValue();
}

async function openKey(page: Page, alias: string): Promise<void> {
  await page.goto("/ui/keys");
  await page.getByRole("link", { name: alias, exact: true }).click();
  await expect(page.getByRole("heading", { name: alias, level: 1 })).toBeVisible();
}

/** Asks for the requests until one is there, and opens the page; returns the seconds until it was. */
async function seenAfter(page: Page, text: string): Promise<number> {
  const start = Date.now();
  await expect(async () => {
    // As the server renders it: without the time that the browser takes to start the page.
    expect(await (await page.request.get("/ui/requests")).text()).toContain(text);
  }).toPass({ intervals: [50], timeout: 10_000 });
  const seconds = (Date.now() - start) / 1000;
  await page.goto("/ui/requests");
  await expect(page.getByRole("table").getByRole("row").filter({ hasText: text })).toHaveCount(1);
  return seconds;
}

test("a key is shown once, works, is seen, is blocked, and is deleted", async ({ admin: page, gateway }) => {
  const key = await createKey(page, "journey");
  expect(key).toMatch(/^sk-[0-9a-f]{64}$/);
  await expect(page.getByText("it won't be shown again")).toBeVisible();
  await expect(page.getByText(`Authorization: Bearer ${key}`)).toBeVisible();
  await page.goto("/ui/keys");
  expect(await page.content()).not.toContain(key);
  await openKey(page, "journey");
  expect(await page.content(), "it is shown once").not.toContain(key);

  expect(await gateway.call(key)).toBe(200);
  expect(await seenAfter(page, SHORT_COST), "seconds from the call to the page").toBeLessThan(2);
  const row = page.getByRole("table").getByRole("row").filter({ hasText: SHORT_COST });
  await expect(row).toContainText("200 OK");
  await expect(row).toContainText("mock-prompt-1000");
  await expect(row).toContainText("journey");
  await expect(row).toContainText("1,000");
  await expect(row.getByText(SHORT_COST), "the exact amount on hover").toHaveAttribute("title", new RegExp(`\\${COST}`));

  await row.getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: /mock-prompt-1000/, level: 1 })).toBeVisible();
  const cost = page.getByRole("region", { name: "Cost" });
  await expect(cost.getByRole("row", { name: "Input tokens" })).toContainText("$2 per million");
  await expect(cost.getByRole("row", { name: "Input tokens" })).toContainText("$0.002");
  await expect(cost.getByRole("row", { name: "Output tokens" })).toContainText("$0.000128");
  await expect(cost.getByRole("row", { name: "Charged" })).toContainText(COST);
  await expect(page.getByText("Measured", { exact: true })).toBeVisible();

  await openKey(page, "journey");
  await expect(page.locator(".figures")).toContainText(SHORT_COST);
  await page.getByRole("button", { name: "Block journey", exact: true }).click();
  await expect(page.getByText("The key is blocked.")).toBeVisible();
  expect(await gateway.call(key), "the next call after blocking").toBe(401);
  await page.getByRole("button", { name: "Unblock journey" }).click();
  await expect(page.getByText("The key is no longer blocked.")).toBeVisible();
  expect(await gateway.call(key)).toBe(200);

  await page.getByRole("link", { name: "Delete", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Delete journey?", level: 1 })).toBeVisible();
  await page.getByLabel("type its name").fill("journey");
  await page.getByRole("button", { name: "Delete key" }).click();
  await expect(page.getByText("The key is deleted.")).toBeVisible();
  expect(await gateway.call(key), "the next call after deleting").toBe(401);
  await page.goto("/ui/keys");
  await expect(page.getByRole("link", { name: "journey", exact: true })).toHaveCount(0);
  await page.goto("/ui/keys?status=deleted");
  await expect(page.getByRole("link", { name: "journey", exact: true })).toBeVisible();
});

test("a key with models of its own may call only those", async ({ admin: page, gateway }) => {
  await page.goto("/ui/keys/new");
  await page.getByLabel("Alias").fill("narrow");
  await page.getByRole("checkbox", { name: "gpt-4o", exact: true }).check();
  await page.getByRole("button", { name: "Create key" }).click();
  const key = await page.getByLabel("Key", { exact: true }).inputValue();
  expect(await gateway.call(key, "gpt-4o")).toBe(200);
  expect(await gateway.call(key, "mock-prompt-1000")).toBe(403);

  expect(await seenAfter(page, "403 Refused")).toBeLessThan(2);
  await page.getByRole("table").getByRole("row").filter({ hasText: "403 Refused" }).getByRole("link").first().click();
  await expect(page.getByText("key_model_access_denied")).toBeVisible();
});

test("a mistake in the form is told at its field, and nothing is lost", async ({ admin: page, gateway }) => {
  await gateway.newKey({ key_alias: "taken" });
  await page.goto("/ui/keys/new");
  await page.getByLabel("Alias").fill("taken");
  await page.getByRole("checkbox", { name: "gpt-4o", exact: true }).check();
  await page.getByRole("button", { name: "Create key" }).click();
  const alias = page.getByLabel("Alias");
  await expect(alias).toHaveValue("taken");
  await expect(alias).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("checkbox", { name: "gpt-4o", exact: true })).toBeChecked();
  await alias.fill("free");
  await page.getByRole("button", { name: "Create key" }).click();
  await expect(page.getByRole("heading", { name: "Key created", level: 1 })).toBeVisible();
});

test("a key that the API made is found, changed and blocked from the list", async ({ admin: page, gateway }) => {
  const key = await gateway.newKey({ key_alias: "from the API" });
  await gateway.newKey({ key_alias: "another" });
  await page.goto("/ui/keys");
  await page.getByRole("searchbox", { name: "Search keys" }).fill("from");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/q=from/);
  await expect(page.getByRole("row")).toHaveCount(2);
  await page.getByRole("button", { name: "Block from the API" }).click();
  await expect(page.getByText("The key is blocked.")).toBeVisible();
  await expect(page).toHaveURL(/q=from/);
  expect(await gateway.call(key)).toBe(401);
});

test("many keys are blocked and deleted at once", async ({ admin: page, gateway, javaScriptEnabled }) => {
  const keys = [];
  for (const name of ["one", "two", "three", "four"]) keys.push(await gateway.newKey({ key_alias: name }));
  await page.goto("/ui/keys");
  await page.getByRole("checkbox", { name: "Select four" }).check();
  if (javaScriptEnabled === false) {
    for (const name of ["three", "two"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  } else {
    await page.getByRole("checkbox", { name: "Select two" }).click({ modifiers: ["Shift"] });
    await expect(page.getByText("3 selected")).toBeVisible();
  }
  await page.getByRole("button", { name: "Block", exact: true }).click();
  await expect(page.getByText("The keys are blocked.")).toBeVisible();
  expect(await Promise.all(keys.map((key) => gateway.call(key)))).toEqual([200, 401, 401, 401]);

  await page.getByRole("checkbox", { name: "Select four" }).check();
  await page.getByRole("checkbox", { name: "Select two" }).check();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Delete 2 keys?", level: 1 })).toBeVisible();
  await page.getByRole("button", { name: "Delete keys" }).click();
  await expect(page.getByText("The keys are deleted.")).toBeVisible();
  await expect(page.locator("tbody tr")).toHaveCount(2);
});

async function makeCalls(gateway: Gateway): Promise<void> {
  const key = await gateway.newKey({ key_alias: "caller" });
  for (const model of ["mock-prompt-1000", "mock-prompt-1000", "mock-status-500"]) await gateway.call(key, model);
  await gateway.call("sk-unknown-key-0123456789");
}

test("the overview shows what was spent", async ({ admin: page, gateway }) => {
  await expect(page.getByRole("heading", { name: "First steps" })).toBeVisible();
  await makeCalls(gateway);
  await seenAfter(page, "500 Provider error");
  await page.goto("/ui");
  const figures = page.locator(".figures");
  await expect(figures).toContainText("$0.00426");
  await expect(page.getByRole("heading", { name: "First steps" })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "caller" })).toBeVisible();
  await page.getByRole("link", { name: "The last 7 days" }).click();
  await expect(page).toHaveURL(/period=7d/);
  await expect(figures).toContainText("$0.00426");
});

test("requests are filtered, and the address says how", async ({ admin: page, gateway }) => {
  await makeCalls(gateway);
  await seenAfter(page, "500 Provider error");
  await expect(page.getByRole("table").locator("tbody").getByRole("row")).toHaveCount(4);
  await page.getByLabel("Status").selectOption({ label: "Failed at the provider" });
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/status=/);
  await expect(page.getByRole("table").locator("tbody").getByRole("row")).toHaveCount(1);
  await page.reload();
  await expect(page.getByRole("table").locator("tbody").getByRole("row")).toHaveCount(1);
  await page.getByRole("link", { name: /Remove the filter Status/ }).click();
  await expect(page.getByRole("table").locator("tbody").getByRole("row")).toHaveCount(4);
});

test("the models and their prices are shown", async ({ admin: page }) => {
  await page.goto("/ui/models");
  await expect(page.getByRole("heading", { name: "Models", level: 1 })).toBeVisible();
  const row = page.getByRole("row").filter({ hasText: "mock-*" }).first();
  await expect(row).toContainText("$2");
  await expect(row).toContainText("$8");
  await expect(page.getByRole("row").filter({ hasText: "gpt-4o" }).first()).toBeVisible();
});
