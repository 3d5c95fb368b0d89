import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pictureWords } from '../../src/features/help/pages.tsx';
import { root } from '../../src/platform/root.ts';
import { type GuidePictureName, guideFile, guidePictures } from '../../src/texts/help/pictures.ts';
import { textsOf } from '../../src/texts/texts.ts';
import { languages } from '../../src/values/language.ts';
import { states } from './gallery.ts';
import { scenes } from './guide.ts';

const folder = join(root, 'src/features/help/pictures');
const names = Object.keys(guidePictures) as GuidePictureName[];

test('each picture is taken in a state that the journeys reach', () => {
  const known = states.map(({ name }) => name);
  expect(
    Object.values(scenes)
      .map(({ state }) => state)
      .filter((state) => !known.includes(state)),
  ).toEqual([]);
});

describe.each(languages)('the pictures in %s', (language) => {
  test('are all there and no other, at most 25 KB each, as wide as a phone', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith(`-${language}.png`));
    expect(files.sort()).toEqual(names.map((name) => guideFile(name, language)).sort());
    for (const file of files) {
      const picture = readFileSync(join(folder, file));
      expect(picture.length, file).toBeLessThanOrEqual(25_000);
      expect([file, picture.readUInt32BE(16)]).toEqual([file, 720]);
    }
  });

  test('are those of the steps, and are described in the words of the pages', () => {
    const t = textsOf(language);
    const shown = Object.values(t.help.topics).flatMap(({ steps }) => Object.keys(steps));
    expect([...new Set(shown)].sort()).toEqual([...names].sort());
    for (const name of names) expect(pictureWords(t, name)).not.toMatch(/[{}]/);
    expect(pictureWords(t, 'submit')).toContain(t.signIn.submit);
  });
});
