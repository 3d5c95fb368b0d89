import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type axe from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * The minified form. A run evaluates it some 150 times, and half the length takes half the time.
 */
const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The narrowest screen that the pages are designed for, in CSS pixels. */
const narrowest = 320;

/** What axe finds wrong with the current page, one line for each element. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Evaluate axe instead of adding it as a script: the page's content policy allows no script.
  await page.evaluate(source);
  const violations = await page.evaluate(async (tags) => {
    const { axe: runner } = globalThis as unknown as { axe: typeof axe };
    const { violations } = await runner.run(document, {
      runOnly: { type: 'tag', values: tags },
      resultTypes: ['violations'],
    });
    return violations.map(({ id, help, nodes }) => ({
      id,
      help,
      targets: nodes.map(({ target }) => target.join(' ')),
    }));
  }, rules);
  return violations.flatMap(({ id, help, targets }) => targets.map((target) => `${id}: ${help}: ${target}`));
}

/**
 * The elements that are wider than a screen of 320 pixels, which would force sideways scrolling.
 */
export async function widthFaults(page: Page): Promise<string[]> {
  const before = page.viewportSize();
  await page.setViewportSize({ width: narrowest, height: 800 });
  const faults = await page.evaluate((width) => {
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.querySelectorAll('body *')].filter(
      (one) => one.getBoundingClientRect().right > width + 1,
    );
    return wide.map(
      (one) => `${one.tagName}.${one.className} reaches ${Math.round(one.getBoundingClientRect().right)} px`,
    );
  }, narrowest);
  if (before) await page.setViewportSize(before);
  return faults;
}

/** The alerts whose buttons touch the text above them, in CSS pixels. */
export async function crampedAlerts(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const buttons = [...document.querySelectorAll('.alert .ds-button')].filter((one) =>
      one.checkVisibility(),
    );
    return buttons.flatMap((button) => {
      const above = [...(button.closest('.alert')?.querySelectorAll('h2, p') ?? [])].filter(
        (text) => (text.compareDocumentPosition(button) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0,
      );
      const bottom = Math.max(...above.map((text) => text.getBoundingClientRect().bottom));
      const gap = Math.round(button.getBoundingClientRect().top - bottom);
      return gap < 12 ? [`the button "${button.textContent}" stands ${gap} px below its text`] : [];
    });
  });
}
