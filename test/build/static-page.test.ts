import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../src/platform/root.ts';

describe('the page for when nothing runs', () => {
  const page = readFileSync(join(root, 'src/ui/static/unavailable.html'), 'utf8');

  it('needs no other file, and has less than 14 KB, the first flight of a connection', () => {
    expect(Buffer.byteLength(page)).toBeLessThan(14 * 1024);
    const elsewhere = page.match(/(?:\b(?:src|action)=|<link|<script|<form|url\(|@import|https?:)[^>]*/g);
    expect(elsewhere).toBeNull();
    expect([...page.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual(Array(3).fill('tel:1418'));
  });

  it('says what happened and what to do in three languages, Kazakh first', () => {
    const told = [...page.matchAll(/<section lang="(\w+)">\s*<h[12]>([^<]+)<\/h[12]>\s*<p>([^<]+)/g)];
    expect(told.map(([, language]) => language)).toEqual(['kk', 'ru', 'en']);
    expect(told.map(([, , title]) => title)).toEqual([
      'Қызмет уақытша қолжетімсіз',
      'Услуга временно недоступна',
      'The service is temporarily unavailable',
    ]);
    for (const [, , , text] of told) expect(text?.length).toBeGreaterThan(100);
  });
});
