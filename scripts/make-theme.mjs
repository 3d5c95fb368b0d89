// Makes src/ui/styles/theme.css from src/ui/styles/designsystemet.config.json. Run it by hand, and
// only when a colour or radius of the theme changes: `node scripts/make-theme.mjs`. It needs the
// network, because npx fetches Designsystemet's CLI.
//
// The CLI writes 47 KB for every size, scheme and colour it knows. This script keeps one size, the
// light scheme, the dark scheme for screens when the browser asks for it, and the colours that the
// components use. scripts/build-assets.mjs drops what is still unused.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postcss from 'postcss';

const cli = '@digdir/designsystemet@1.15';
const colors = ['accent', 'neutral', 'sun', 'success', 'danger', 'focus'];
const styles = fileURLToPath(new URL('../src/ui/styles/', import.meta.url));

const temporary = mkdtempSync(join(tmpdir(), 'kabinet-theme-'));
try {
  cpSync(join(styles, 'designsystemet.config.json'), join(temporary, 'designsystemet.config.json'));
  for (const step of ['create', 'build']) {
    execFileSync('npx', ['--yes', cli, 'tokens', step], { cwd: temporary, stdio: 'inherit' });
  }
  const made = readFileSync(join(temporary, 'design-tokens-build/kabinet.css'), 'utf8');
  writeFileSync(join(styles, 'theme.css'), themeFrom(made));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

/**
 * @param {string} made what the CLI wrote
 * @returns {string} the theme: `:root` for light, `:root` in a media query for dark
 */
function themeFrom(made) {
  const layers = layersOf(made);
  const isColor = (/** @type {string} */ name) =>
    colors.some((color) => name.startsWith(`--ds-color-${color}-`));
  const light = [...layers('color-scheme.light')].filter(([name]) => isColor(name));
  const dark = [...layers('color-scheme.dark')].filter(([name]) => isColor(name));
  const main = [...layers('color')].filter(([, value]) => value.includes('-accent-'));
  const sizes = [...layers('size')]
    .map(([name]) => /^--ds-size-(\d+)$/.exec(name))
    .filter((match) => match !== null)
    .map((match) => [match[0], `${Number(match[1]) / 4}rem`]);
  const type = [...layers('typography.primary')].filter(([name]) =>
    /-(line-height|font-weight)-\w+$/.test(name),
  );
  const shape = [...layers('semantic')];
  const block = (/** @type {string[][]} */ tokens, indent = '    ') =>
    tokens.map(([name, value]) => `${indent}${name}: ${value};\n`).join('');
  return `/* Made by scripts/make-theme.mjs from designsystemet.config.json with ${cli}. Change those, not this. */
@layer ds.theme {
  :root {
    color-scheme: light dark;
${block([...light, ...main, ...sizes, ...type, ...shape])}  }
  @media screen and (prefers-color-scheme: dark) {
    :root {
${block(dark, '      ')}    }
  }
}
`;
}

/**
 * @param {string} made
 * @returns {(layer: string) => Map<string, string>} the tokens that a layer of the theme gives to
 *   :root (or to dark)
 */
function layersOf(made) {
  const sheet = postcss.parse(made);
  return (layer) => {
    const tokens = new Map();
    sheet.walkAtRules('layer', (at) => {
      if (at.params !== `ds.theme.${layer}`) return;
      at.walkDecls(/^--/, (declaration) => {
        const holder = declaration.parent;
        if (holder?.type !== 'rule' || tokens.has(declaration.prop)) return;
        if (
          /^:root|^\[data-color-scheme="dark"\]/.test(/** @type {import('postcss').Rule} */ (holder).selector)
        ) {
          tokens.set(declaration.prop, declaration.value);
        }
      });
    });
    return tokens;
  };
}
