import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { iconSymbols } from './icon.tsx';

/**
 * The HTML document of a page that `Layout` returned, with its doctype and the symbols of the icons
 * that it uses.
 */
export function renderDocument(page: VNode): string {
  const html = renderToString(page);
  return `<!doctype html>${html.replace('</body>', () => `${iconSymbols(html)}</body>`)}`;
}
