import { defineConfig } from "@playwright/test";

// The system's own browser: nothing is downloaded.
const launchOptions = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

const wide = { width: 1440, height: 900 };

export default defineConfig({
  testDir: "playwright",
  outputDir: "test-results",
  forbidOnly: !!process.env.CI,
  fullyParallel: true,
  workers: 2,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"], ["html", { open: "never" }]],
  use: { launchOptions, viewport: wide, screenshot: "only-on-failure", trace: "retain-on-failure" },
  projects: [
    { name: "js-on" },
    { name: "js-off", use: { javaScriptEnabled: false } },
    { name: "mobile", use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } },
    { name: "dark", use: { colorScheme: "dark" } },
  ],
});
