import { type HTMLElement, parse } from 'node-html-parser';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { describe, expect, it } from 'vitest';
import { Card } from './card.tsx';
import { Compare } from './compare.tsx';
import { ErrorPage } from './error-page.tsx';
import { Facts } from './facts.tsx';
import { Pager } from './pager.tsx';
import { Timeline } from './timeline.tsx';

const hostile = '<script>alert(1)</script>';

describe('blocks', () => {
  it('a card is a region named by its heading', () => {
    const page = shown(<Card id="phones" heading="Телефондар" number={3} children="…" />);
    const section = page.querySelector('section');
    expect(page.querySelector(`#${section?.getAttribute('aria-labelledby')}`)?.text).toBe('3 Телефондар');
  });

  it('a comparison names every cell for a narrow screen, and says where a value is absent', () => {
    const page = shown(
      <Compare
        caption="Changes"
        words={{ field: 'Field', before: 'Before', after: 'After', empty: 'None' }}
        rows={[{ field: 'Home phone', before: null, after: hostile }]}
      />,
    );
    expect(page.querySelector('tbody th')?.text).toBe('Home phone');
    expect(page.querySelectorAll('td').map((cell) => [cell.getAttribute('data-label'), cell.text])).toEqual([
      ['Before', 'None'],
      ['After', hostile],
    ]);
    expect(page.querySelectorAll('script')).toEqual([]);
  });

  it('facts and entries show hostile values as text', () => {
    const page = shown(
      <>
        <Facts facts={[{ term: hostile, value: hostile }]} />
        <Timeline entries={[{ id: 'e', time: 't', dateTime: '2026-11-22T14:05+05:00', title: hostile }]} />
      </>,
    );
    expect(page.querySelectorAll('script')).toEqual([]);
    expect(page.querySelector('dd')?.text).toBe(hostile);
    expect(page.querySelector('h2')?.text).toBe(hostile);
  });

  it('browsers get the page of older entries as the next page', () => {
    const page = shown(<Pager label="Pages" older={{ href: '/history?before=2', label: 'Older' }} />);
    expect(page.querySelector('a[rel=next]')?.getAttribute('href')).toBe('/history?before=2');
    expect(page.querySelectorAll('a[rel=prev]')).toEqual([]);
    expect(renderToString(<Pager label="Pages" />)).toBe('');
  });

  it('an error page shows its first action as the main one', () => {
    const page = shown(
      <ErrorPage
        title="Not found"
        text="…"
        reference={{ label: 'Number', value: 'r-1', help: 'Say it when you call' }}
        actions={[
          { href: '/', label: 'Home' },
          { href: '/services', label: 'Services' },
        ]}
      />,
    );
    expect(page.querySelector('code')?.text).toBe('r-1');
    expect(page.querySelectorAll('a').map((a) => a.getAttribute('data-variant'))).toEqual([
      undefined,
      'secondary',
    ]);
  });
});

function shown(node: VNode): HTMLElement {
  return parse(renderToString(node));
}
