import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { indexed } from '../../scripts/indexed-png.mjs';
import { sql } from '../../src/platform/postgres/sql.ts';
import { labelOf } from '../../src/texts/help/labels.ts';
import { type GuidePictureName, guideFile, guidePictures } from '../../src/texts/help/pictures.ts';
import { textsOf } from '../../src/texts/texts.ts';
import type { Language } from '../../src/values/language.ts';
import { openLooks } from '../journeys/states.ts';
import { inventPerson } from '../support/people.ts';
import { states } from './gallery.ts';
import { pinDatabase, pinnedPerson, pinPage, pinProcess } from './pinned.ts';

/** CSS pixels: the width of a phone, and as much of the page as shows what is around the mark. */
const size = { width: 360, height: 300 };

/** A picture has a quarter of the bytes with so few colours, and a page has few. */
const colours = 16;

/** The state in which a picture is taken, or the first one on the way to it. */
interface Scene {
  readonly state: string;
  readonly onTheWay?: true;
}

/** Where each picture of the guide is taken. */
export const scenes: Readonly<Record<GuidePictureName, Scene>> = {
  iin: { state: 'start-empty' },
  submit: { state: 'start-empty' },
  register: { state: 'start-empty' },
  forgot: { state: 'start-empty' },
  'eds-way': { state: 'start-empty' },
  'phone-way': { state: 'start-empty' },
  'phone-begin': { state: 'sign-in-phone-before-anything-began' },
  'phone-digits': { state: 'sign-in-phone-the-six-digits-are-wrong', onTheWay: true },
  'eds-install': { state: 'sign-in-eds-every-state-at-once' },
  'eds-choose': { state: 'sign-in-eds-before-anything-is-signed' },
  'eds-trust': { state: 'sign-in-eds-every-state-at-once' },
  'register-form': { state: 'register-empty' },
  'register-code': { state: 'register-confirm-asked-then-with-a-wrong-code', onTheWay: true },
  'register-password': { state: 'register-password-asked-then-with-errors', onTheWay: true },
  'recover-form': { state: 'recover-empty' },
  'recover-code': { state: 'recover-confirm-asked-then-with-a-wrong-code', onTheWay: true },
  'recover-password': { state: 'recover-password-asked-then-with-errors', onTheWay: true },
  change: { state: 'services-as-it-is' },
  history: { state: 'services-as-it-is' },
  security: { state: 'services-as-it-is' },
  'sign-out': { state: 'services-as-it-is' },
  'address-list': { state: 'services-requisites-the-list-under-the-address-open' },
  mobile: { state: 'services-requisites-filled' },
  email: { state: 'services-requisites-filled' },
  save: { state: 'services-requisites-filled' },
  'eds-sign': { state: 'services-requisites-signed-in-by-eds' },
  'new-code': { state: 'services-requisites-confirm-codes-to-type' },
  'current-code': { state: 'services-requisites-confirm-the-first-step-done' },
  'new-email-code': { state: 'services-requisites-confirm-a-code-to-the-new-e-mail' },
  'receipt-pdf': { state: 'receipts-number-of-a-change' },
  'history-changes': { state: 'history-with-changes-and-sign-ins' },
  'add-app': { state: 'security-one-session' },
  'security-lock': { state: 'security-one-session' },
  'step-code': { state: 'sign-in-step-a-code-of-the-app-or-one-on-paper' },
  letters: { state: 'help-notice-before-a-question' },
  'letters-compare': { state: 'help-notice-an-sms' },
  'not-me': { state: 'not-me-link-asked' },
  lock: { state: 'security-lock-before-a-key-has-opened-the-cabinet' },
};

/** Takes the pictures of the guide in a language, all on one service, into a folder. */
export async function takeGuide(browser: Browser, language: Language, folder: string): Promise<void> {
  pinProcess();
  let people = 0;
  const looks = await openLooks({
    browser,
    prepare: pinDatabase,
    // One name on every picture, for people who differ in what must be of one person.
    invent: (different) => {
      const n = people++;
      const { iin, requisites } = inventPerson(n);
      const person = pinnedPerson({ iin, ...different });
      if (different.requisites) return person;
      const email = `aigerim.${n}@example.kz`;
      return { ...person, requisites: { ...person.requisites, mobilePhone: requisites.mobilePhone, email } };
    },
    visit: { bypassPolicy: true, scale: 2, width: size.width, height: 780 },
  });
  try {
    const names = Object.keys(scenes) as GuidePictureName[];
    for (const state of new Set(Object.values(scenes).map((scene) => scene.state))) {
      const found = states.find(({ name }) => name === state);
      if (!found) throw new Error(`there is no state ${state}`);
      const take = async (page: Page, onTheWay: boolean) => {
        await pinPage(page);
        for (const name of names) {
          const scene = scenes[name];
          if (scene.state !== state || (scene.onTheWay ?? false) !== onTheWay) continue;
          const label = labelOf(textsOf(language), guidePictures[name].press);
          const picture = await photographMarked(page, await findLabelled(page, label));
          writeFileSync(join(folder, guideFile(name, language)), indexed(picture, colours));
        }
      };
      let isFirst = true;
      // Codes to one number are limited, and everybody here has the same.
      await looks.service.database.run(sql`delete from cabinet.allowance`);
      const { page } = await looks.reach(language, found.variant, async (visitor) => {
        if (isFirst) await take(visitor.page, true);
        isFirst = false;
      });
      await take(page, false);
    }
  } finally {
    await looks.close();
  }
}

/** What a person would press or fill in at these words. */
async function findLabelled(page: Page, label: string): Promise<Locator> {
  const ways = [
    page.getByRole('button', { name: label, exact: true }),
    page.getByRole('link', { name: label, exact: true }),
    page.getByLabel(label, { exact: true }),
    page.getByLabel(label),
    page.getByText(label, { exact: true }),
  ];
  for (const way of ways) {
    const seen = way.filter({ visible: true });
    if ((await seen.count()) > 0) return seen.first();
  }
  throw new Error(`nothing on ${page.url()} is called ${label}`);
}

/** The part of a page around an element, with a ring around the element. */
async function photographMarked(page: Page, element: Locator): Promise<Buffer> {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  const top = await element.evaluate((marked, height) => {
    window.scrollTo(0, 0);
    const box = marked.getBoundingClientRect();
    const ring = document.createElement('div');
    ring.id = 'guide-ring';
    Object.assign(ring.style, {
      position: 'absolute',
      zIndex: '9',
      top: `${box.top + window.scrollY - 8}px`,
      left: `${Math.max(box.left - 8, 2)}px`,
      width: `${Math.min(box.width + 16, document.documentElement.clientWidth - 4)}px`,
      height: `${box.height + 16}px`,
      border: '4px solid #c8102e',
      borderRadius: '12px',
    });
    document.body.append(ring);
    const wanted = box.top + window.scrollY + box.height / 2 - height * 0.6;
    return Math.round(Math.max(0, Math.min(wanted, document.documentElement.scrollHeight - height)));
  }, size.height);
  const picture = await page.screenshot({
    fullPage: true,
    clip: { x: 0, y: top, ...size },
    animations: 'disabled',
    caret: 'hide',
  });
  await page.evaluate(() => document.getElementById('guide-ring')?.remove());
  return picture;
}
