// Drops from a style sheet what no page can use: rules whose selector needs a class, element or
// attribute that no markup has, and custom properties and keyframes that nothing refers to.
// PurgeCSS was tried, but it drops rules that begin with :is(…).

import postcss from 'postcss';
import parseSelector from 'postcss-selector-parser';

/**
 * What no page has, even if its source contains the word: nothing is disabled, read-only, written
 * from right to left, or has a placeholder.
 */
const never = new Set([
  ':disabled',
  ':indeterminate',
  ':read-only',
  ':-moz-read-only',
  ':open',
  ':dir',
  '::placeholder',
  '::-moz-placeholder',
  'readonly',
  'aria-readonly',
  'disabled',
  'aria-disabled',
]);

/**
 * The attributes among those. A page that used one would lose its style, so their use is refused.
 */
const neverWritten = [...never].filter((word) => !word.startsWith(':'));

/** Pseudo-classes that match when one of the selectors in their brackets matches. */
const anyOf = new Set([':is', ':where', ':has']);

/**
 * @param {string} css a style sheet without nesting
 * @param {string} markup the sources of every page and component, as one text
 * @returns {string} the style sheet without the parts that cannot be used
 * @throws when the markup uses an attribute that is listed as never used
 */
export function pruneCss(css, markup) {
  const sheet = postcss.parse(css);
  const used = neverWritten.filter((word) =>
    new RegExp(`[\\s{]${word}(=[{"]|[\\s/>])`).test(elementsOf(markup)),
  );
  if (used.length > 0)
    throw new Error(
      `the style sheet drops what the markup uses now: ${used.join(', ')} (scripts/prune-css.mjs)`,
    );
  const words = wordsOf(markup);
  sheet.walkRules((rule) => {
    if (rule.parent?.type === 'atrule' && /** @type {postcss.AtRule} */ (rule.parent).name === 'keyframes')
      return;
    const kept = rule.selectors.filter((selector) => canMatch(parseSelector().astSync(selector), words));
    if (kept.length === 0) rule.remove();
    else rule.selectors = kept;
  });
  dropUnusedProperties(sheet);
  dropUnusedKeyframes(sheet);
  dropEmpty(sheet);
  return sheet.toString();
}

/**
 * The opening tags of the markup, without the text between them.
 * @param {string} markup
 */
function elementsOf(markup) {
  return (markup.match(/<[a-z][^<>]*(?:=>[^<>]*)*>/g) ?? []).join('\n');
}

/**
 * Every word that could be an element, attribute, class or value in markup. It may find too many,
 * but never too few.
 * @param {string} markup
 * @returns {Set<string>}
 */
function wordsOf(markup) {
  const words = new Set(['html', 'body']);
  for (const [, element] of markup.matchAll(/<([a-z][a-z0-9]*)/g)) words.add(element ?? '');
  for (const [, attribute] of markup.matchAll(/([a-z][a-z-]*)=["{]/g)) words.add(attribute ?? '');
  for (const [, quoted] of markup.matchAll(/["']([\w -]+)["']/g)) {
    for (const word of (quoted ?? '').split(' ')) words.add(word);
  }
  return words;
}

/**
 * @param {parseSelector.Root | parseSelector.Selector} selectors
 * @param {Set<string>} words
 * @returns {boolean}
 */
function canMatch(selectors, words) {
  if (selectors.type === 'root') return selectors.nodes.some((selector) => canMatch(selector, words));
  return selectors.nodes.every((node) => {
    switch (node.type) {
      case 'class':
      case 'id':
        return words.has(node.value);
      case 'tag':
        return words.has(node.value) || node.value === '*';
      case 'attribute':
        if (never.has(node.attribute)) return false;
        return words.has(node.attribute) && (node.operator !== '=' || words.has(node.value ?? ''));
      case 'pseudo':
        if (never.has(node.value)) return false;
        return !anyOf.has(node.value) || node.nodes.some((selector) => canMatch(selector, words));
      default:
        return true;
    }
  });
}

/** @param {postcss.Root} sheet */
function dropUnusedProperties(sheet) {
  for (;;) {
    const used = new Set();
    sheet.walkDecls((declaration) => {
      for (const [, name] of declaration.value.matchAll(/var\(\s*(--[\w-]+)/g)) {
        if (name !== declaration.prop) used.add(name);
      }
    });
    let dropped = 0;
    sheet.walkDecls(/^--/, (declaration) => {
      if (used.has(declaration.prop)) return;
      declaration.remove();
      dropped += 1;
    });
    if (dropped === 0) return;
  }
}

/** @param {postcss.Root} sheet */
function dropUnusedKeyframes(sheet) {
  const used = new Set();
  sheet.walkDecls(/^animation/, (declaration) => {
    for (const word of declaration.value.split(/[\s,]+/)) used.add(word);
  });
  sheet.walkAtRules('keyframes', (at) => {
    if (!used.has(at.params)) at.remove();
  });
}

/** @param {postcss.Root} sheet */
function dropEmpty(sheet) {
  sheet.walk((node) => {
    if ((node.type === 'rule' || node.type === 'atrule') && node.nodes?.length === 0) node.remove();
  });
}
