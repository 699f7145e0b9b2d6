// The office: an organisation, a team in it, its people and its keys, and what all of that cost.

import type { Browser, Page } from "@playwright/test";
import { expect, type Gateway, test } from "./gateway";
import { inspect } from "./inspect";

const PASSWORD = "a long enough password 7!";

async function createOrganisation(page: Page, name: string): Promise<void> {
  await page.goto("/ui/organisations");
  await page.getByRole("link", { name: /Create (the first )?organisation/ }).first().click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create organisation" }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
}

async function createUser(page: Page, email: string, role: string): Promise<void> {
  await page.goto("/ui/users/new");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Role", { exact: true }).selectOption(role);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create user" }).click();
  await expect(page.getByRole("heading", { name: email, level: 1 })).toBeVisible();
}

/** Makes a team by the form; returns the address of its page. */
async function createTeam(page: Page, name: string): Promise<string> {
  await page.goto("/ui/teams/new");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create team" }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
  return new URL(page.url()).pathname;
}

/** A page of somebody else, in a browser of their own. */
async function signedIn(browser: Browser, gateway: Gateway, email: string): Promise<Page> {
  const context = await browser.newContext({ baseURL: gateway.url });
  const page = await context.newPage();
  await page.goto("/ui/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  return page;
}

test.slow();

test("an organisation, its team, a member and a key, from the first form to the bill", async ({ admin: page, gateway }) => {
  await createUser(page, "bob@example.com", "member");
  await createOrganisation(page, "Acme");
  await expect(page.getByText("No teams yet")).toBeVisible();
  await page.getByRole("link", { name: "Create team in it" }).click();
  await page.getByLabel("Name", { exact: true }).fill("blue");
  await page.getByRole("button", { name: "Create team" }).click();
  await expect(page.getByRole("heading", { name: "blue", level: 1 })).toBeVisible();
  await expect(page.getByRole("main").getByRole("link", { name: "Acme" })).toBeVisible();
  const team = new URL(page.url()).pathname;

  await page.getByText("Add a member").click();
  await page.getByLabel("Person", { exact: true }).selectOption({ label: "bob@example.com" });
  await page.getByRole("button", { name: "Add member" }).click();
  await expect(page.getByText("The person is a member from now on.")).toBeVisible();
  const row = page.getByRole("row").filter({ hasText: "bob@example.com" });
  await expect(row).toContainText("Member");
  await row.getByRole("link", { name: "bob@example.com", exact: true }).click();
  await page.getByLabel("Role", { exact: true }).selectOption({ label: "Administrator" });
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("What the member is and may do is changed")).toBeVisible();
  await expect(row).toContainText("Administrator");

  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Keys" }).click();
  await page.getByRole("link", { name: "Create key for this team" }).click();
  await page.getByLabel("Alias").fill("blue app");
  await page.getByRole("button", { name: "Create key" }).click();
  await expect(page.getByRole("heading", { name: "Key created", level: 1 })).toBeVisible();
  const key = await page.getByLabel("Key", { exact: true }).inputValue();
  expect(await gateway.call(key)).toBe(200);

  await page.goto(team);
  await page.getByRole("button", { name: "Block", exact: true }).click();
  await expect(page.getByText("The team is blocked.")).toBeVisible();
  expect(await gateway.call(key), "the next call after blocking the team").not.toBe(200);
  await page.getByRole("button", { name: "Unblock", exact: true }).click();
  await expect(page.getByText("The team is no longer blocked.")).toBeVisible();
  expect(await gateway.call(key)).toBe(200);

  await expect(async () => {
    await page.goto("/ui/teams");
    await expect(page.getByRole("row").filter({ hasText: "blue" })).toContainText("$0.00426", { timeout: 100 });
  }).toPass({ timeout: 10_000 });
  await page.goto("/ui/organisations");
  await expect(page.getByRole("row").filter({ hasText: "Acme" })).toContainText("$0.00426");
  await page.goto(team);
  await page.getByRole("link", { name: "Usage", exact: true }).last().click();
  await expect(page.getByRole("heading", { name: "Usage", level: 1 })).toBeVisible();
  await expect(page.getByRole("link", { name: "Remove the filter Team: blue" })).toBeVisible();
  await expect(page.getByRole("rowheader", { name: "blue app" })).toBeVisible();
  await page.getByRole("combobox", { name: "Told apart" }).selectOption({ label: "By organisation" });
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("rowheader", { name: "Acme" })).toBeVisible();
  const file = await page.request.get((await page.getByRole("link", { name: "CSV" }).getAttribute("href")) ?? "");
  const lines = (await file.text()).trim().split("\r\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^organisation,calls,.*,cost_usd$/);
  expect(lines[1]).toMatch(/,2,.*,0\.004256$/);

  await page.goto(`${team}/members`);
  await page.getByRole("link", { name: "Remove bob@example.com" }).click();
  await expect(page.getByRole("heading", { name: "Remove bob@example.com from blue?", level: 1 })).toBeVisible();
  await page.getByRole("button", { name: "Remove member" }).click();
  await expect(page.getByText("The person is no longer a member.")).toBeVisible();
  await page.goto(`${team}/delete`);
  await expect(page.getByText("1 key is deleted")).toBeVisible();
  await page.getByLabel("type its name").fill("blue");
  await page.getByRole("button", { name: "Delete team" }).click();
  await expect(page.getByText("The team is deleted")).toBeVisible();
  expect(await gateway.call(key), "the next call after deleting the team").toBe(401);
});

test("the second of two administrators is told, and loses nothing", async ({ admin: page, gateway, browser }) => {
  await createUser(page, "grace@example.com", "admin");
  const settings = `${await createTeam(page, "blue")}/settings`;
  const other = await signedIn(browser, gateway, "grace@example.com");
  await page.goto(settings);
  await other.goto(settings);
  await page.getByLabel("Name", { exact: true }).fill("azure");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("The changes are saved")).toBeVisible();

  await other.getByLabel("Name", { exact: true }).fill("navy");
  await other.getByLabel("Tags", { exact: true }).fill("ship");
  await other.getByRole("button", { name: "Save changes" }).click();
  await expect(other.getByText("Somebody changed this after")).toBeVisible();
  await expect(other.getByLabel("Name", { exact: true })).toHaveValue("navy");
  await expect(other.getByLabel("Tags", { exact: true })).toHaveValue("ship");
  await page.reload();
  await expect(page.getByRole("heading", { name: "azure", level: 1 })).toBeVisible();
  // They have seen it, and decide.
  await other.getByRole("button", { name: "Save changes" }).click();
  await expect(other.getByRole("heading", { name: "navy", level: 1 })).toBeVisible();
  await other.context().close();
});

test("whoever runs a team sees it and not the others", async ({ admin: page, gateway, browser }) => {
  await createUser(page, "bob@example.com", "member");
  const team = await createTeam(page, "blue");
  const others = await createTeam(page, "red");
  await page.goto(team);
  await page.getByText("Add a member").click();
  await page.getByLabel("Person", { exact: true }).selectOption({ label: "bob@example.com" });
  await page.getByLabel("Role", { exact: true }).selectOption({ label: "Administrator" });
  await page.getByRole("button", { name: "Add member" }).click();
  const bob = await signedIn(browser, gateway, "bob@example.com");
  await bob.goto("/ui/teams");
  await expect(bob.getByRole("rowheader", { name: "blue" })).toBeVisible();
  await expect(bob.getByRole("rowheader", { name: "red" })).toHaveCount(0);
  await expect(bob.getByRole("link", { name: "Create team" })).toHaveCount(0);
  await bob.goto(team);
  await expect(bob.getByRole("link", { name: "Delete", exact: true })).toHaveCount(0);
  expect((await bob.goto(others))?.status()).toBe(403);
  await bob.context().close();
});

test("a key is rotated, and the old text works until its time is over", async ({ admin: page, gateway }) => {
  await gateway.newKey({ key_alias: "old and new" });
  await page.goto("/ui/keys");
  await page.getByRole("link", { name: "old and new", exact: true }).click();
  await page.getByRole("link", { name: "Rotate" }).click();
  await page.getByLabel("The old text works for").fill("1h");
  await page.getByRole("button", { name: "Rotate key" }).click();
  const first = await page.getByLabel("Key", { exact: true }).inputValue();
  expect(await gateway.call(first)).toBe(200);
  await page.goto("/ui/keys");
  await page.getByRole("link", { name: "old and new", exact: true }).click();
  await page.getByRole("link", { name: "Rotate" }).click();
  await page.getByLabel("The old text works for").fill("");
  await page.getByRole("button", { name: "Rotate key" }).click();
  const second = await page.getByLabel("Key", { exact: true }).inputValue();
  expect(second).not.toBe(first);
  expect(await gateway.call(second)).toBe(200);
  expect(await gateway.call(first), "the old text after a rotation without grace").toBe(401);
});

test.describe("every page of the office", () => {
  test.skip(({ javaScriptEnabled }) => !javaScriptEnabled, "axe is a script");

  test("while there is nothing", async ({ admin: page }) => {
    for (const place of ["organisations", "teams", "users", "usage", "account", "organisations/new", "teams/new", "users/new"]) {
      await page.goto(`/ui/${place}`);
      await inspect(page, `${place.replace("/", "-")}-empty`);
    }
  });

  test("in use", async ({ admin: page, gateway }) => {
    await createUser(page, "bob@example.com", "member");
    const user = new URL(page.url()).pathname;
    await createOrganisation(page, "Acme");
    const organisation = new URL(page.url()).pathname;
    const team = await createTeam(page, "blue");
    await page.getByText("Add a member").click();
    await page.getByLabel("Person", { exact: true }).selectOption({ label: "bob@example.com" });
    await page.getByRole("button", { name: "Add member" }).click();
    await page.getByRole("row").filter({ hasText: "bob@example.com" }).getByRole("link", { name: "bob@example.com", exact: true }).click();
    await expect(page.getByRole("heading", { name: "bob@example.com", level: 1 })).toBeVisible();
    const member = new URL(page.url()).pathname;
    const key = await gateway.newKey({ key_alias: "blue app", team_id: team.split("/").pop() });
    await gateway.newKey({ key_alias: "bob's own", user_id: user.split("/").pop() });
    for (const model of ["mock-prompt-1000", "gpt-4o", "mock-status-500"]) await gateway.call(key, model);
    await expect(async () => {
      await page.goto("/ui/usage");
      await expect(page.getByRole("rowheader")).not.toHaveCount(0, { timeout: 100 });
    }).toPass({ timeout: 10_000 });
    const pages = {
      usage: "/ui/usage",
      "usage-by-team": "/ui/usage?by=team&period=7d",
      "usage-by-day": "/ui/usage?by=day",
      organisations: "/ui/organisations",
      organisation,
      "organisation-members": `${organisation}/members`,
      "organisation-settings": `${organisation}/settings`,
      "organisation-delete": `${organisation}/delete`,
      teams: "/ui/teams",
      team,
      "team-keys": `${team}/keys`,
      "team-settings": `${team}/settings`,
      "team-delete": `${team}/delete`,
      member,
      "member-remove": `${member}/remove`,
      users: "/ui/users",
      user,
      "user-settings": `${user}/settings`,
      "user-password": `${user}/password`,
      "user-delete": `${user}/delete`,
      account: "/ui/account",
    };
    for (const [name, path] of Object.entries(pages)) {
      const answer = await page.goto(path);
      expect(answer?.status(), path).toBe(200);
      await inspect(page, name);
    }
  });
});
