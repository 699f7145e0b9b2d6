// What comes alive: the command palette, and lists that keep themselves current.

import type { Page } from "@playwright/test";
import { expect, test } from "./gateway";

test.skip(({ javaScriptEnabled }) => !javaScriptEnabled, "without a script there are no islands");

/** Waits until the islands are awake. */
async function alive(page: Page): Promise<void> {
  await expect(page.locator("html")).toHaveAttribute("data-hydrated", "true");
}

test("the palette goes to pages and finds keys by their names", async ({ admin: page, gateway }) => {
  await gateway.newKey({ key_alias: "team blue" });
  await gateway.newKey({ key_alias: "team red" });
  await alive(page);
  await page.getByRole("button", { name: "Search" }).click();
  const dialog = page.getByRole("dialog", { name: "Search and go" });
  await expect(dialog).toBeVisible();
  const field = dialog.getByRole("combobox");
  await expect(field).toBeFocused();
  await expect(dialog.getByRole("option").first()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();

  await page.keyboard.press("Control+k");
  await field.fill("requ");
  await expect(dialog.getByRole("option")).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/ui\/requests$/);

  await alive(page);
  await page.keyboard.press("Control+k");
  await field.fill("team");
  await expect(dialog.getByRole("option")).toHaveCount(2);
  const red = dialog.getByRole("option", { name: /team red/ });
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  while ((await red.getAttribute("aria-selected")) !== "true") await page.keyboard.press("ArrowDown");
  await expect(field).toHaveAttribute("aria-activedescendant", (await red.getAttribute("id")) ?? "");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "team red", level: 1 })).toBeVisible();

  await alive(page);
  await page.keyboard.press("Control+k");
  await field.fill("no such thing at all");
  await expect(dialog.getByText("Nothing is called so")).toBeVisible();
});

test("new requests appear by themselves, and the others are not touched", async ({ admin: page, gateway }) => {
  const key = await gateway.newKey({ key_alias: "live" });
  await gateway.call(key);
  await expect(async () => {
    await page.goto("/ui/requests");
    await expect(page.locator("tbody tr")).toHaveCount(1, { timeout: 100 });
  }).toPass({ timeout: 10_000 });
  await alive(page);
  // Whatever time is ever shown in a row, from here on.
  await page.evaluate(() => {
    const seen: string[] = ((window as never as { seen: string[] }).seen = []);
    const look = () => {
      for (const time of document.querySelectorAll("tbody time")) seen.push(time.textContent ?? "");
      requestAnimationFrame(look);
    };
    look();
    (document.querySelector("tbody tr") as HTMLElement).dataset.touched = "no";
    (document.querySelector("tbody a") as HTMLElement).focus();
  });
  await gateway.call(key, "mock-status-500");
  const called = Date.now();
  await expect(page.locator("tbody tr")).toHaveCount(2);
  expect(Date.now() - called, "milliseconds from the answer to the row").toBeLessThan(2000);
  await expect(page.locator("tbody tr").first()).toContainText("500");
  const old = page.locator("tbody tr").nth(1);
  await expect(old.locator("a").first(), "the focus stays").toBeFocused();
  const times = await page.evaluate(() => (window as never as { seen: string[] }).seen);
  expect(times.filter((text) => text.includes("UTC")), "no time is ever shown in UTC").toEqual([]);
});

test("a paused list stands still", async ({ admin: page, gateway }) => {
  const key = await gateway.newKey({ key_alias: "still" });
  await gateway.call(key);
  await expect(async () => {
    await page.goto("/ui/requests?live=off");
    await expect(page.locator("tbody tr")).toHaveCount(1, { timeout: 100 });
  }).toPass({ timeout: 10_000 });
  await alive(page);
  await gateway.call(key);
  await page.waitForTimeout(3000);
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await page.getByRole("link", { name: "Resume" }).click();
  await expect(page.locator("tbody tr")).toHaveCount(2);
});

test("a navigation has its answer at once", async ({ admin: page, isMobile }) => {
  test.skip(isMobile, "the drawer is between");
  const answered: number[] = [];
  const painted: number[] = [];
  for (const name of ["Keys", "Requests", "Models", "Overview", "Keys", "Models"]) {
    const link = page.locator(".nav").getByRole("link", { name });
    await link.hover();
    // So long somebody rests on a link before clicking: it is asked for meanwhile.
    await page.waitForTimeout(300);
    await Promise.all([page.waitForURL(name === "Overview" ? "**/ui" : `**/ui/${name.toLowerCase()}`), link.click()]);
    const [answer, picture] = await page.evaluate(async () => {
      const first = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
      while (first() === undefined) await new Promise((next) => setTimeout(next, 10));
      const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
      return [entry?.responseEnd ?? Infinity, first() as number] as const;
    });
    answered.push(answer);
    painted.push(picture);
  }
  const told = (times: number[]) => times.map(Math.round).sort((a, b) => a - b).join(", ");
  // How soon the picture follows is the machine's matter, and only told.
  test.info().annotations.push({ type: "milliseconds to the first picture", description: told(painted) });
  const median = answered.toSorted((a, b) => a - b)[3];
  expect(median, `milliseconds to the whole answer: ${told(answered)}`).toBeLessThan(100);
});
