import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';

/** A page and everything that went wrong on it. */
export interface OpenedPage {
  readonly page: Page;
  /** Console errors, uncaught errors, policy violations, dialogs and requests to anywhere else. */
  readonly troubles: readonly string[];
  /** Fails when anything went wrong; closes the page. */
  close(): Promise<void>;
}

/**
 * Opens the dashboard as a person would.
 *
 * @param expected console messages that a test provokes on purpose, such as a refused connection
 * @param beforehand runs in the page before its own scripts
 */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  expected: RegExp | null = null,
  beforehand: () => void = () => {},
): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const troubles: string[] = [];
  const trouble = (text: string): void => {
    if (expected === null || !expected.test(text)) troubles.push(text);
  };
  const page = await context.newPage();
  // Below the test's own, so that a failure names the line that waited.
  page.setDefaultTimeout(20_000);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') trouble(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => trouble(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    trouble(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const { origin } = new URL(url);
  const elsewhere = (address: string): void => {
    const { protocol, host } = new URL(address);
    if (protocol !== 'blob:' && host !== new URL(origin).host) trouble(`request to ${address}`);
  };
  page.on('request', (request) => elsewhere(request.url()));
  page.on('websocket', (socket) => elsewhere(socket.url()));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective}`));
  });
  await page.addInitScript(beforehand);
  await page.goto(url);
  return {
    page,
    troubles,
    close: async () => {
      await context.close();
      expect(troubles).toEqual([]);
    },
  };
}
