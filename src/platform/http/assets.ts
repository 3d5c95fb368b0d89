import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../root.ts';

/** The files that a page links to. */
export interface PageAssets {
  /** The style sheet of all pages, and those that only some have. */
  styles: readonly string[];
  icon: string;
  scripts: readonly string[];
}

/** A script in `src/client`, by its file name. */
export type ScriptName =
  | 'address-suggest'
  | 'check'
  | 'eds'
  | 'own-path'
  | 'passkey'
  | 'passkey-autofill'
  | 'phone'
  | 'print'
  | 'restore'
  | 'session-warning'
  | 'show-password'
  | 'submit-once'
  | 'unsaved'
  | 'work';

/** A style sheet that only some pages have, by its file name. */
export type StyleName = 'check' | 'codes' | 'help';

/** The built files in `dist/assets`, with their fingerprinted addresses. */
export interface Assets {
  /**
   * @param scripts the scripts that the page uses; no others are loaded
   * @param styles the style sheets that it has beside that of all pages
   * @returns addresses for `Layout`
   */
  forPage(scripts: readonly ScriptName[], styles?: readonly StyleName[]): PageAssets;
}

/** A picture with its size in CSS pixels. It has two pixels of its own for each of them. */
interface PictureAsset {
  readonly src: string;
  /** Where the file is. */
  readonly file: string;
  readonly width: number;
  readonly height: number;
}

/**
 * Reads the manifest that `scripts/build-assets.mjs` wrote.
 * @throws when nothing was built, or a file is missing from the manifest
 */
export function readAssets(): Assets {
  const address = readAddresses();
  const css = address('app.css');
  const icon = address('icon.svg');
  return {
    forPage: (scripts, styles = []) => ({
      styles: [css, ...styles.map((name) => address(`${name}.css`))],
      icon,
      scripts: scripts.map((name) => address(`${name}.js`)),
    }),
  };
}

/**
 * The built pictures (PNG) by their file names.
 * @throws when nothing was built, or a picture is missing
 */
export function readPictures(names: readonly string[]): ReadonlyMap<string, PictureAsset> {
  const address = readAddresses();
  return new Map(
    names.map((name) => {
      const src = address(name);
      const file = join(root, 'dist', src);
      const header = readFileSync(file).subarray(0, 24);
      return [name, { src, file, width: header.readUInt32BE(16) / 2, height: header.readUInt32BE(20) / 2 }];
    }),
  );
}

/** The address of each built file. */
function readAddresses(): (name: string) => string {
  const manifest: Record<string, string> = JSON.parse(
    readFileSync(join(root, 'dist/assets/manifest.json'), 'utf8'),
  );
  return (name) => {
    const found = manifest[name];
    if (found === undefined) throw new Error(`dist/assets has no ${name}: run the build`);
    return found;
  };
}
