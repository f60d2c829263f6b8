// SPDX-License-Identifier: Apache-2.0
// Drives a checkout from a one-time link to the confirmation, as the web view of an
// app (with a bridge that records), or as a browser without JavaScript. Prints what it saw as JSON.
//   node checkout.mjs CHROMIUM LINK app|noscript FOLDER-FOR-SCREENSHOTS
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [executablePath, link, mode, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const javaScriptEnabled = mode !== "noscript";

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const saw = { hosts: [], errors: [], events: [], violations: [], items: {}, overflow: [] };
try {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, javaScriptEnabled, bypassCSP: javaScriptEnabled,
  });
  context.setDefaultTimeout(15000);
  if (javaScriptEnabled) {
    await context.exposeFunction("recordEvent", (text) => { saw.events.push(JSON.parse(text)); });
    await context.addInitScript(() => { window.poqWebCheckout = { postMessage: (text) => window.recordEvent(text) }; });
  }
  const page = await context.newPage();
  page.on("request", (r) => { saw.hosts.push(new URL(r.url()).host); });
  page.on("pageerror", (e) => saw.errors.push(String(e)));
  page.on("console", (m) => { 
    // An empty form is answered with 422, on purpose, and Chromium remarks on it.
    if (m.type() === "error" && !m.text().includes("status of 422")) saw.errors.push(m.text());
  });

  const look = async (name) => {
    await page.screenshot({ path: `${folder}/${mode}-${name}.png`, fullPage: true });
    if (!javaScriptEnabled) return;
    if (await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)) saw.overflow.push(name);
    await page.evaluate(axe);
    const found = await page.evaluate(async () => (await window.axe.run()).violations.map((v) => `${v.id}: ${v.nodes[0].html}`));
    saw.violations.push(...found.map((v) => `${name}: ${v}`));
  };

  saw.status = (await page.goto(link)).status();
  for (const line of await page.locator("[data-sku]").all()) {
    saw.items[await line.getAttribute("data-sku")] = await line.getAttribute("data-quantity");
  }
  await look("checkout");

  await page.getByText("Discount code", { exact: true }).click();
  await page.getByLabel("Code", { exact: true }).fill("welcome10");
  await page.getByRole("button", { name: "Apply" }).click();
  saw.said = await page.getByRole("status").innerText();
  await look("discount");

  await page.getByRole("button", { name: /place order/i }).click();
  saw.refusal = (await page.getByRole("alert").innerText()).split("\n")[0];
  await look("refused");

  const answers = { email: "ada@example.com", name: "Ada Lovelace", line1: "12 St James's Square", city: "London", postcode: "SW1Y 4JH" };
  for (const field of await page.locator("form input").all()) {
    const name = await field.getAttribute("name");
    if (answers[name]) await field.fill(answers[name]);
  }
  await page.locator("select[name=country]").selectOption("GB");
  await page.getByRole("radio", { name: /express/i }).check();
  saw.agreed = await page.getByRole("button", { name: /place order/i }).innerText();
  await page.getByRole("button", { name: /place order/i }).click();
  await page.waitForURL(/\/confirmation\//);
  saw.title = await page.locator("h1").innerText();
  saw.number = await page.locator(".number b").innerText();
  saw.total = await page.locator(".sum dd").innerText();
  await look("confirmation");
  await page.reload();
  await page.waitForLoadState("networkidle");
} finally {
  await browser.close();
}
saw.hosts = [...new Set(saw.hosts)];
console.log(JSON.stringify(saw));
