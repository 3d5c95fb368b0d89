// Drops from a style sheet what no page can use: rules whose selector needs a class, element or
// attribute that no markup has, and custom properties and keyframes that nothing refers to. Writes
// the value of a custom property that never varies where it is used. PurgeCSS was tried, but it
// drops rules that begin with :is(…).

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
  inlineConstants(sheet);
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

/**
 * Writes the values of custom properties that are declared once into the declarations that use
 * them: those of `:root` everywhere, those of a component in its own rule. A value that refers to a
 * property that may vary below `:root` stays where it is computed. The declarations are left, to be
 * dropped as unused.
 * @param {postcss.Root} sheet
 */
function inlineConstants(sheet) {
  for (;;) {
    const properties = customProperties(sheet);
    let inlined = 0;
    for (const [name, { declared, users }] of properties) {
      const [only] = declared;
      if (only === undefined || declared.length > 1) continue;
      const value = only.value.trim();
      const local = users.every((user) => user.parent === only.parent);
      const constant =
        isAtRoot(only) &&
        [...referredIn(value)].every((other) => properties.get(other)?.declared.every(isAtRoot));
      if (!local && !(constant && !isConditional(only))) continue;
      for (const user of users) {
        const before = user.value;
        user.value = before.replaceAll(`var(${name})`, value);
        if (user.value !== before) inlined += 1;
      }
    }
    if (inlined === 0) return;
  }
}

/**
 * @param {postcss.Root} sheet
 * @returns {Map<string, { declared: postcss.Declaration[], users: postcss.Declaration[] }>}
 */
function customProperties(sheet) {
  const found = new Map();
  const of = (/** @type {string} */ name) => {
    if (!found.has(name)) found.set(name, { declared: [], users: [] });
    return found.get(name);
  };
  sheet.walkDecls((declaration) => {
    if (declaration.prop.startsWith('--')) of(declaration.prop).declared.push(declaration);
    for (const name of referredIn(declaration.value)) of(name).users.push(declaration);
  });
  return found;
}

/** @param {string} value */
function referredIn(value) {
  return new Set([...value.matchAll(/var\(\s*(--[\w-]+)/g)].map(([, name]) => name ?? ''));
}

/** @param {postcss.Declaration} declaration */
function isAtRoot(declaration) {
  return (
    declaration.parent?.type === 'rule' &&
    /** @type {postcss.Rule} */ (declaration.parent).selector === ':root'
  );
}

/**
 * Whether the declaration is inside `@media` or `@supports`, so that it may not apply.
 * @param {postcss.Declaration} declaration
 */
function isConditional(declaration) {
  for (let at = declaration.parent?.parent; at && at.type !== 'root'; at = at.parent) {
    if (at.type === 'atrule' && /** @type {postcss.AtRule} */ (at).name !== 'layer') return true;
  }
  return false;
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
