import { describe, expect, it, test } from 'vitest';
import type { MaintenanceWindow } from '../../platform/maintenance.ts';
import { type AskedWindow, checkWindow, createMaintenanceWatch, type WindowReason } from './maintenance.ts';

const now = new Date('2026-12-01T10:00:00Z');
const hours = (count: number) => new Date(now.getTime() + count * 3_600_000);
const noMessages = { kk: null, ru: null, en: null };

function windowOf(from: number, until: number): MaintenanceWindow {
  return { id: 1, from: hours(from), until: hours(until), messages: noMessages };
}

describe('what a process knows of maintenance', () => {
  const clock = { steady: 500 };
  const known = async (...windows: readonly MaintenanceWindow[]) => {
    clock.steady = 500;
    const watch = createMaintenanceWatch(
      async () => ({ windows, now }),
      () => clock.steady,
    );
    await watch.refresh();
    return watch;
  };

  it('announces a window a week before, and opens and closes it by its own steady clock', async () => {
    const watch = await known(windowOf(24 * 7 + 1, 24 * 7 + 3));
    expect(watch.state().kind).toBe('none');
    clock.steady += 3_600_000;
    expect(watch.state().kind).toBe('announced');
    clock.steady += 7 * 24 * 3_600_000;
    expect(watch.state()).toMatchObject({ kind: 'open', secondsLeft: 7_200 });
    clock.steady += 2 * 3_600_000;
    expect(watch.state().kind).toBe('none');
  });

  it('shows the next window when one is over', async () => {
    const watch = await known(windowOf(-1, 1), { ...windowOf(2, 3), id: 2 });
    expect(watch.state()).toMatchObject({ kind: 'open', window: { id: 1 } });
    clock.steady += 3_600_000;
    expect(watch.state()).toMatchObject({ kind: 'announced', window: { id: 2 } });
  });

  it('keeps what it knew while the database is unavailable', async () => {
    let away = false;
    const watch = createMaintenanceWatch(async () => {
      if (away) throw new Error('away');
      return { windows: [windowOf(-1, 1)], now };
    });
    await watch.refresh();
    away = true;
    await expect(watch.refresh()).rejects.toThrow('away');
    expect(watch.state().kind).toBe('open');
  });
});

describe('planning a window', () => {
  const check = (from: string, to: string, messages: Partial<AskedWindow['messages']> = {}) =>
    checkWindow({ from, to, messages: { kk: undefined, ru: undefined, en: undefined, ...messages } }, now);

  test.each<readonly [WindowReason, string, string, Partial<AskedWindow['messages']>]>([
    ['fromFormat', '2026-12-05 01:00', '2026-12-05T03:00+05:00', {}],
    ['fromFormat', '2026-12-05T01:00', '2026-12-05T03:00+05:00', {}],
    ['toFormat', '2026-12-05T01:00+05:00', '2026-13-05T03:00+05:00', {}],
    ['past', '2026-12-01T09:59Z', '2026-12-01T12:00Z', {}],
    ['backwards', '2026-12-05T03:00+05:00', '2026-12-05T03:00+05:00', {}],
    ['backwards', '2026-12-05T03:00+05:00', '2026-12-05T02:59+05:00', {}],
    ['tooLong', '2026-12-05T01:00+05:00', '2026-12-05T13:01+05:00', {}],
    ['tooFar', '2027-12-05T01:00+05:00', '2027-12-05T03:00+05:00', {}],
    ['messageLength', 'now', '2026-12-01T11:00Z', { kk: ' ' }],
    ['messageLength', 'now', '2026-12-01T11:00Z', { ru: 'я'.repeat(301) }],
    ['messageCharacter', 'now', '2026-12-01T11:00Z', { en: 'two\nlines' }],
  ])('refuses for %s: %s to %s', (reason, from, to, messages) => {
    expect(check(from, to, messages)).toMatchObject({ ok: false, reason });
  });

  it('accepts times with an offset, and `now`', () => {
    expect(check('2026-12-04T01:00+05:00', '2026-12-04T03:00+05:00', { kk: ' Сәлем ' })).toMatchObject({
      value: {
        from: new Date('2026-12-03T20:00:00Z'),
        until: new Date('2026-12-03T22:00:00Z'),
        messages: { ...noMessages, kk: 'Сәлем' },
      },
    });
    expect(check('now', '2026-12-01T11:00Z')).toMatchObject({ value: { from: now } });
  });
});
