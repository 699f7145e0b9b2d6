// Each test gets a gateway of its own, with an empty database, in front of the mock provider.

import { spawn } from "node:child_process";
import { dirname, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { test as base, expect, type APIRequestContext, type Page, request } from "@playwright/test";

const end2end = resolve(dirname(fileURLToPath(import.meta.url)), "..");

export const administrator = { name: "Ada Lovelace", email: "ada@example.com", password: "correct horse battery staple 7!" };

export class Gateway {
  private constructor(
    readonly url: string,
    readonly setupLink: string,
    private readonly masterKey: string,
    private readonly api: APIRequestContext,
    private readonly stop: () => Promise<void>,
  ) {}

  static async start(): Promise<Gateway> {
    // It prints its addresses, and ends when its input does.
    const script = "printenv TOLLGATE_URL TOLLGATE_SETUP_LINK TOLLGATE_MASTER_KEY && cat >/dev/null";
    const child = spawn("python3", ["-m", "stack", "--", "sh", "-c", script], {
      cwd: end2end,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const ended = new Promise<number | null>((done) => child.on("exit", done));
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      if (lines.push(line) === 3) break;
    }
    expect(lines, "the gateway started").toHaveLength(3);
    const [url, setupLink, masterKey] = lines as [string, string, string];
    const api = await request.newContext({ baseURL: url });
    return new Gateway(url, setupLink, masterKey, api, async () => {
      await api.dispose();
      child.stdin.end();
      expect(await ended, "the gateway lived to the end of the test").toBe(0);
    });
  }

  async end(): Promise<void> {
    await this.stop();
  }

  /** One chat completion; returns the answer's status. */
  async call(key: string, model = "mock-prompt-1000"): Promise<number> {
    const answer = await this.api.post("/v1/chat/completions", {
      headers: { authorization: `Bearer ${key}` },
      data: { model, messages: [{ role: "user", content: "Hello" }] },
    });
    return answer.status();
  }

  async newKey(fields: Record<string, unknown> = {}): Promise<string> {
    const answer = await this.api.post("/key/generate", {
      headers: { authorization: `Bearer ${this.masterKey}` },
      data: fields,
    });
    expect(answer.status(), await answer.text()).toBe(200);
    return ((await answer.json()) as { key: string }).key;
  }
}

/** Makes the first administrator by the link that the server printed; ends on the overview. */
export async function setUp(page: Page, gateway: Gateway): Promise<void> {
  await page.goto(gateway.setupLink);
  await page.getByLabel("Name").fill(administrator.name);
  await page.getByLabel("E-mail address").fill(administrator.email);
  await page.getByLabel("Password", { exact: true }).fill(administrator.password);
  await page.getByLabel("Password, again").fill(administrator.password);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
}

export const test = base.extend<{ gateway: Gateway; admin: Page }>({
  gateway: async ({}, use) => {
    const gateway = await Gateway.start();
    await use(gateway);
    await gateway.end();
  },
  baseURL: async ({ gateway }, use) => use(gateway.url),
  /** A page on which nothing may go wrong unseen. */
  page: async ({ page, javaScriptEnabled }, use) => {
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      // The browser reports every answer of 400 and above; the tests look at those themselves.
      const status = /^Failed to load resource/.test(message.text());
      // With JavaScript off, the wasm that the page preloads is of no use, and the browser says so.
      const unused = javaScriptEnabled === false && /was preloaded using link preload/.test(message.text());
      if (["error", "warning"].includes(message.type()) && !status && !unused) complaints.push(message.text());
    });
    await use(page);
    expect(complaints, "the browser's console is quiet").toEqual([]);
  },
  /** A page of a signed-in administrator. */
  admin: async ({ page, gateway }, use) => {
    await setUp(page, gateway);
    await use(page);
  },
});

export { expect };
