import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../src/platform/postgres/sql.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { accessibilityFaults, widthFaults } from '../support/accessibility.ts';
import { browserVisitor, startBrowser } from '../support/browser-visitor.ts';
import { type FundServer, startFundServer } from '../support/fund-server.ts';
import { inventPerson, type PersonLine } from '../support/people.ts';
import { startService, type TestService } from '../support/service.ts';

// What a person sees, in a real browser, when the fund does not answer or has refused a change.

let browser: Browser;
let fund: FundServer;
let service: TestService;
let origin: string;
let people = 3_500;

beforeAll(async () => {
  fund = await startFundServer();
  service = await startService({ DEMO: '1', FUND_URL: fund.url }, { work: false });
  origin = await service.listen();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await service.close();
  await fund.close();
});

const ofPerson = ({ iin }: PersonLine) =>
  sql`holder_id = (select holder_id from cabinet.holder where iin = ${iin})`;

describe.each(languages)('in %s', (language) => {
  const t = textsOf(language);

  test("a refused change, a late one, and the page without and with the fund's last answer", async () => {
    people += 1;
    const person = inventPerson(people, { language });
    fund.behave('none');
    fund.enrol(person);
    await service.enrol(person);
    const visitor = await browserVisitor(browser, origin, { javaScript: true, width: 320, height: 700 });
    const look = async (text: string) => {
      await visitor.sees(text);
      expect(await accessibilityFaults(visitor.page)).toEqual([]);
      expect(await widthFaults(visitor.page)).toEqual([]);
    };
    await visitor.page.context().addCookies([{ name: 'language', value: language, url: origin }]);
    await visitor.open('/services/requisites');
    await visitor.fill(t.signIn.iin, person.iin);
    await visitor.fill(t.signIn.password, person.password ?? '');
    await visitor.press(t.signIn.submit);
    await visitor.fill(t.requisites.apartment, '5');
    await visitor.press(t.requisites.save);
    const receipt = await visitor.path();

    await service.database.run(sql`
      update cabinet.outbox set dead_at = now(), last_error = 'value-not-accepted' where ${ofPerson(person)} and lane = 'fund'`);
    await visitor.open(receipt);
    await look(t.receipt.refusals['value-not-accepted']);
    await visitor.open('/services/requisites');
    await look(t.requisites.undelivered);

    await service.database.run(sql`
      update cabinet.outbox set dead_at = null, created_at = now() - interval '2 minutes' where ${ofPerson(person)} and lane = 'fund'`);
    await visitor.open(receipt);
    await look(t.receipt.nextLate);

    fund.behave('failing');
    await visitor.open('/services/requisites');
    await look(t.requisites.asOfCopy.split('{time}')[1]?.trim() ?? '');
    await service.database.run(sql`
      update cabinet.fund_copy set read_at = now() - interval '100 hours' where ${ofPerson(person)}`);
    await visitor.open('/services/requisites');
    await look(t.requisites.fundDownHelp);
    await visitor.page.context().clearCookies({ name: 'session' });
    await visitor.open('/sign-in?ended=closed');
    await look(t.eds.reasons.notActive);
    await visitor.page.context().close();
  });
});
