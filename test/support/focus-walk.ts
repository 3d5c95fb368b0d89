import type { Page } from 'playwright-core';

/** A small phone, in CSS pixels. */
const phone = { width: 360, height: 640 };

/** No page has more stops than this. */
const most = 150;

/**
 * Presses Tab from the top of the page to its end on a small phone. Returns each stop whose box is
 * off the screen, or meets the box of a bar that stays on the screen (WCAG 2.4.11).
 */
export async function hiddenStops(page: Page): Promise<string[]> {
  const before = page.viewportSize();
  await page.setViewportSize(phone);
  await page.evaluate(startAtTop);
  await page.evaluate(findBars);
  const faults: string[] = [];
  for (let presses = 0; presses < most; presses += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(lookAtStop);
    if (stop === 'end') break;
    if (stop !== undefined) faults.push(stop);
    if (presses === most - 1) faults.push('Tab never reaches the end of the page');
  }
  if (before) await page.setViewportSize(before);
  return faults;
}

/** Runs in the page. The next Tab goes to the first stop. */
function startAtTop(): void {
  for (const one of document.querySelectorAll('[data-walked]')) one.removeAttribute('data-walked');
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute('tabindex');
  scrollTo(0, 0);
}

/** Runs in the page. Marks what stays on the screen while the page scrolls. */
function findBars(): void {
  for (const one of document.querySelectorAll('body *'))
    if (['fixed', 'sticky'].includes(getComputedStyle(one).position)) one.setAttribute('data-bar', '');
}

/** Runs in the page. What is wrong with the stop that has the focus; `end` after the last one. */
function lookAtStop(): string | undefined {
  const stop = document.activeElement;
  if (stop === null || stop === document.body || stop.hasAttribute('data-walked')) return 'end';
  stop.setAttribute('data-walked', '');
  const box = stop.getBoundingClientRect();
  const name = `${stop.tagName} "${stop.id || (stop.textContent ?? '').trim().slice(0, 40)}"`;
  const place = (one: DOMRect) => `${Math.round(one.top)}-${Math.round(one.bottom)}`;
  if (box.bottom <= 0 || box.top >= innerHeight) return `${name} at ${place(box)} is off the screen`;
  for (const bar of document.querySelectorAll('[data-bar]')) {
    if (bar.contains(stop) || stop.contains(bar)) continue;
    const other = bar.getBoundingClientRect();
    const meets =
      other.width > 0 &&
      other.height > 0 &&
      box.left < other.right - 1 &&
      box.right > other.left + 1 &&
      box.top < other.bottom - 1 &&
      box.bottom > other.top + 1;
    if (meets) return `${name} at ${place(box)} lies under a bar at ${place(other)}`;
  }
  return undefined;
}
