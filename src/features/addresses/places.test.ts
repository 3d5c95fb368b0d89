import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { root } from '../../platform/root.ts';
import { parseAddress } from '../../values/address.ts';
import { foldText } from './fold.ts';
import { shippedPlaces } from './places.ts';
import { wording } from './wording.ts';

const places = shippedPlaces();
const rows = readFileSync(join(root, 'data/places.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t'))
  .map(([kato = '', kind = '', kk = '', ru = '']) => ({
    kato: Number(kato),
    kind,
    kk,
    ru: ru === '' ? kk : ru,
  }));
const findable = rows.filter(({ kind }) => !kind.endsWith('admin'));

describe('the places shipped', () => {
  it('cover all rows of the classifier', () => {
    expect(places.count).toBe(15_594);
    expect(new Set(rows.map(({ kato }) => kato)).size).toBe(15_594);
    expect(rows.filter(({ kind }) => !(kind in wording))).toEqual([]);
  });

  it('equal the output of the script for the classifier', () => {
    const folder = mkdtempSync(join(tmpdir(), 'places-'));
    try {
      const out = join(folder, 'places.tsv');
      const script = join(root, 'scripts/build-places.mjs');
      const source = join(root, 'data/sources/kato-2026-07-17.csv');
      const run = spawnSync(process.execPath, [script, source, out], { encoding: 'utf8' });
      expect(run.stderr).toBe('');
      expect(readFileSync(out, 'utf8') === readFileSync(join(root, 'data/places.tsv'), 'utf8')).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('have lines that the address field accepts, without abbreviations', () => {
    const shortened = /(?<![\p{L}\d])(?:с|а|п|к|г|қ|р|ст|уч|рзд|обл|р-н|с\.о|а\.о|г\.а|қ\.ә)\.(?![\p{L}])/u;
    const bad = findable
      .flatMap(({ kato }) => [places.line(kato, 'kk'), places.line(kato, 'ru')])
      .filter((line) => !parseAddress(line).ok || shortened.test(line));
    // The rest is in the classifier's own names: initials, and farms with shortened names.
    expect(bad.length).toBeLessThan(40);
    expect(bad.filter((line) => !parseAddress(line).ok)).toEqual([]);
  });

  it('have lines that begin with the region and show the levels between', () => {
    const jambyl = places.find('Жамбыл', 200, 'words').filter(({ name }) => name.kk === 'Жамбыл');
    expect(jambyl.length).toBeGreaterThanOrEqual(60);
    const lines = jambyl.map(({ kato }) => places.line(kato, 'kk'));
    // The classifier itself has one line twice: two winter camps of one rural district.
    expect(new Set(lines).size).toBe(lines.length - 1);
    for (const line of lines) expect(line.split(', ')[0]).toMatch(/облысы$|қаласы$/);
  });

  it('have lines that are nearly all different', () => {
    const lines = findable.map(({ kato }) => places.line(kato, 'kk'));
    const twice = lines.length - new Set(lines).size;
    // The classifier itself has these twice: the same name and kind in one rural district.
    expect(twice).toBe(65);
  });
});

describe('finding places', () => {
  it('shows a town once, not its administration', () => {
    for (const town of ['Семей', 'Қарағанды', 'Шар', 'Қандыағаш', 'Бурабай']) {
      const found = places.find(town, 20, 'words').filter(({ name }) => name.kk === town);
      const towns = found.filter(({ kind }) => kind === 'city' || kind === 'townlet');
      expect([town, towns.length]).toEqual([town, 1]);
      expect(found.some(({ kind }) => kind.endsWith('admin'))).toBe(false);
    }
  });

  it('finds every place by its own name in both languages, among the places of that name', () => {
    const sample = findable.filter((_, index) => index % 37 === 0);
    const missed = sample.flatMap(({ kk, ru }) =>
      [kk, ru].filter((name) => {
        const wanted = foldText(name);
        return !places
          .find(name, 10)
          .some((place) => [place.name.kk, place.name.ru].some((n) => foldText(n) === wanted));
      }),
    );
    expect(missed).toEqual([]);
  });

  it('finds nine of ten names with one typing error among the first ten results', () => {
    const random = seeded(20_260_717);
    const long = findable.filter(({ kk }) => kk.length >= 5);
    let hits = 0;
    for (let query = 0; query < 1_000; query += 1) {
      const row = long[Math.floor(random() * long.length)];
      const name = (random() < 0.5 ? row?.kk : row?.ru)?.toLowerCase() ?? '';
      const wanted = foldText(name);
      const found = places.find(withSlip(name, random), 10);
      if (found.some((place) => [place.name.kk, place.name.ru].some((n) => foldText(n) === wanted)))
        hits += 1;
    }
    expect(hits / 1_000).toBeGreaterThanOrEqual(0.9);
  });

  it('survives any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const found = places.find(text, 10);
        expect(found.length).toBeLessThanOrEqual(10);
        expect(new Set(found.map(({ kato }) => kato)).size).toBe(found.length);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps nothing of one query for the next', () => {
    const alone = places.find('Шамалған', 5);
    places.find('Алматы облысы Жамбыл ауданы Қарасай', 5);
    places.find('ж', 5);
    expect(places.find('Шамалған', 5)).toEqual(alone);
  });

  it('knows the districts of a city', () => {
    expect(places.cityDistricts(750_000_000)).toHaveLength(8);
    expect(places.cityDistricts(351_010_000)).toHaveLength(2);
    expect(places.cityDistricts(100_000_000)).toEqual([]);
  });
});

/** Makes one random typing error: a letter missing, added, wrong, or two swapped. */
function withSlip(name: string, random: () => number): string {
  const letters = 'абвгдежзийклмнопрстуфхцчшыэюя';
  const letter = letters[Math.floor(random() * letters.length)] ?? 'а';
  const at = Math.floor(random() * name.length);
  switch (Math.floor(random() * 4)) {
    case 0:
      return name.slice(0, at) + name.slice(at + 1);
    case 1:
      return name.slice(0, at) + letter + name.slice(at);
    case 2:
      return name.slice(0, at) + letter + name.slice(at + 1);
    default: {
      const first = Math.min(at, name.length - 2);
      return name.slice(0, first) + name[first + 1] + name[first] + name.slice(first + 2);
    }
  }
}

/** Random numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
