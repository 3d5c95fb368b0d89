import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';

/** The HTML of a whole page: takes what `Layout` gave, gives the document with its doctype. */
export function renderDocument(page: VNode): string {
  return `<!doctype html>${renderToString(page)}`;
}
