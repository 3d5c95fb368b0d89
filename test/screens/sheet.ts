import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** The hashes of a former run by file name. Empty when there was none. */
export function readHashes(file: string): Map<string, string> {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return new Map(
    lines.flatMap((line) => {
      const [hash, name] = line.split('  ');
      return hash && name ? [[name, hash] as const] : [];
    }),
  );
}

export function writeHashes(file: string, hashes: ReadonlyMap<string, string>): void {
  const lines = [...hashes].sort(([one], [other]) => (one < other ? -1 : 1));
  writeFileSync(file, lines.map(([name, hash]) => `${hash}  ${name}\n`).join(''));
}

/** A line for each picture that is new, changed or gone. */
export function changesBetween(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): string[] {
  const names = [...new Set([...before.keys(), ...now.keys()])].sort();
  return names.flatMap((name) => {
    const [old, made] = [before.get(name), now.get(name)];
    if (old === made) return [];
    return [`${old === undefined ? 'new' : made === undefined ? 'gone' : 'changed'}  ${name}`];
  });
}

/** A page with all pictures, small, one state in a row. */
export function contactSheet(files: readonly string[]): string {
  const rows = new Map<string, string[]>();
  for (const file of [...files].sort()) {
    const state = file.replace(/-(kk|ru|en)-\d+-(light|dark)\.png$/, '');
    rows.set(state, [...(rows.get(state) ?? []), file]);
  }
  const figures = (names: readonly string[]) =>
    names
      .map((name) => `<a href="${name}" title="${name}"><img src="${name}" loading="lazy" alt="${name}"></a>`)
      .join('');
  return `<!doctype html><meta charset="utf-8"><title>Screens</title>
<style>body{font:16px system-ui;margin:24px;background:#ddd}img{height:260px;margin:4px;background:#fff}
h2{font-size:18px;margin:24px 0 4px}div{display:flex;overflow-x:auto;align-items:start}</style>
<h1>${files.length} pictures</h1>
${[...rows].map(([state, names]) => `<h2>${state}</h2><div>${figures(names)}</div>`).join('\n')}
`;
}
