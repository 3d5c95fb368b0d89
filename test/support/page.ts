import { type HTMLElement, type Node, NodeType, parse } from 'node-html-parser';

/** Parses a page as received, so that tests can read it as a person does. */
export function readPage(html: string): HTMLElement {
  return parse(html.replace(/^<!doctype html>/i, ''), { lowerCaseTagName: true });
}

/** The visible text of an element, with single spaces. */
export function visibleText(node: Node): string {
  return fold(rawText(node));
}

/** The text of the only `h1`. */
export function heading(page: HTMLElement): string {
  const headings = page.querySelectorAll('h1');
  return visibleText(only(headings, 'heading of the first level'));
}

export function title(page: HTMLElement): string {
  return fold(only(page.querySelectorAll('title'), 'title').text);
}

export function language(page: HTMLElement): string {
  return page.querySelector('html')?.getAttribute('lang') ?? '';
}

/**
 * The control with this visible label: a field, a box, or (by its legend) the fieldset of a radio
 * group.
 */
export function control(page: HTMLElement, label: string): HTMLElement {
  const legends = page.querySelectorAll('legend').filter((legend) => visibleText(legend) === label);
  const labels = page.querySelectorAll('label').filter((one) => visibleText(one) === label);
  const found = only([...legends, ...labels], `field "${label}"`, () => labelsOf(page).join(', '));
  if (found.tagName === 'LEGEND') return found.closest('fieldset') ?? found;
  const id = found.getAttribute('for');
  const named = id === undefined ? null : page.getElementById(id);
  if (!named) throw new Error(`the label "${label}" names no field`);
  return named;
}

/** The labels and legends of a page. */
export function labelsOf(page: HTMLElement): string[] {
  return page.querySelectorAll('label, legend').map(visibleText);
}

/** The radio button of a fieldset that has this label. */
export function radio(page: HTMLElement, group: HTMLElement, option: string): HTMLElement {
  const labels = group.querySelectorAll('label').filter((label) => visibleText(label) === option);
  const id = only(labels, `option "${option}"`, () => labelsOf(group).join(', ')).getAttribute('for');
  const found = id === undefined ? null : page.getElementById(id);
  if (!found) throw new Error(`the option "${option}" names no radio button`);
  return found;
}

/** The error message of a control, found as a screen reader finds it. */
export function errorMessage(page: HTMLElement, label: string): string | undefined {
  const ids = control(page, label).getAttribute('aria-describedby')?.split(' ') ?? [];
  const messages = ids
    .filter((id) => id.endsWith('-error'))
    .map((id) => page.getElementById(id))
    .filter((element) => element !== null);
  return messages.length === 0 ? undefined : messages.map(visibleText).join(' ');
}

/** The button with this name that a person can press. */
export function button(page: HTMLElement, name: string): HTMLElement {
  const seen = page.querySelectorAll('button').filter((one) => !isHidden(one));
  const fitting = seen.filter((one) => (one.getAttribute('aria-label') ?? visibleText(one)) === name);
  return only(fitting, `button "${name}"`, () => seen.map(visibleText).join(', '));
}

/** The address of the link with this text. Several links to the same address count as one. */
export function link(page: HTMLElement, text: string): string {
  const links = page.querySelectorAll('a[href]').filter((one) => !isHidden(one));
  const fitting = links
    .filter((one) => visibleText(one) === text)
    .map((one) => one.getAttribute('href') ?? '');
  return only([...new Set(fitting)], `link "${text}"`, () => links.map(visibleText).join(', '));
}

/** The form that a control belongs to. */
function formOf(page: HTMLElement, element: HTMLElement): HTMLElement {
  const named = element.getAttribute('form');
  const form = named === undefined ? element.closest('form') : page.getElementById(named);
  if (!form) throw new Error(`"${element.toString()}" belongs to no form`);
  return form;
}

/**
 * What a browser sends when `submitter` is pressed: the successful controls of the form, in the
 * order of the page.
 */
export function submission(
  page: HTMLElement,
  submitter: HTMLElement,
): { method: string; action: string; fields: [string, string][] } {
  const form = formOf(page, submitter);
  const fields: [string, string][] = [];
  for (const element of page.querySelectorAll('input, select, textarea, button')) {
    const name = element.getAttribute('name');
    if (!name || element.hasAttribute('disabled') || !isOwnedBy(page, form, element)) continue;
    if (element.tagName === 'BUTTON' && element !== submitter) continue;
    const value = sentValue(element);
    if (value !== undefined) fields.push([name, value]);
  }
  return {
    method: (submitter.getAttribute('formmethod') ?? form.getAttribute('method') ?? 'get').toLowerCase(),
    // The fragment only positions the browser on the answer. It is not sent.
    action: (submitter.getAttribute('formaction') ?? form.getAttribute('action') ?? '').split('#')[0] ?? '',
    fields,
  };
}

/** What each button of each form on the page would send. */
export function submissions(page: HTMLElement): ReturnType<typeof submission>[] {
  const buttons = page.querySelectorAll('button').filter((one) => one.getAttribute('type') !== 'button');
  return buttons.filter((one) => !isHidden(one)).map((one) => submission(page, one));
}

/** The value of a control: its text, the label of the chosen option, or "on" for a ticked box. */
export function heldValue(page: HTMLElement, label: string): string {
  const element = control(page, label);
  if (element.tagName === 'FIELDSET') {
    const chosen = element.querySelectorAll('input[type=radio]').find((one) => one.hasAttribute('checked'));
    const id = chosen?.getAttribute('id');
    const named = element.querySelectorAll('label').find((one) => one.getAttribute('for') === id);
    return named ? visibleText(named) : '';
  }
  if (element.tagName === 'SELECT') return visibleText(chosenOption(element) ?? element);
  if (element.getAttribute('type') === 'checkbox') return element.hasAttribute('checked') ? 'on' : '';
  return sentValue(element) ?? '';
}

/** The option that a list sends: the last selected one, otherwise the first. */
function chosenOption(select: HTMLElement): HTMLElement | undefined {
  const options = select.querySelectorAll('option');
  return options.filter((option) => option.hasAttribute('selected')).at(-1) ?? options[0];
}

function sentValue(element: HTMLElement): string | undefined {
  const type = element.getAttribute('type');
  if (type === 'checkbox' || type === 'radio') {
    return element.hasAttribute('checked') ? (element.getAttribute('value') ?? 'on') : undefined;
  }
  if (element.tagName === 'SELECT') return chosenOption(element)?.getAttribute('value');
  if (element.tagName === 'TEXTAREA') return element.text;
  return sanitized(type, element.getAttribute('value') ?? '');
}

/**
 * HTML's value sanitization: a single line of text loses its line breaks, and an e-mail input loses
 * spaces at both ends.
 */
function sanitized(type: string | undefined, value: string): string {
  if (type === 'hidden') return value;
  const line = value.replace(/[\r\n]/g, '');
  return type === 'email' ? line.replace(/^[\t\f ]+|[\t\f ]+$/g, '') : line;
}

function isOwnedBy(page: HTMLElement, form: HTMLElement, element: HTMLElement): boolean {
  const named = element.getAttribute('form');
  return (named === undefined ? element.closest('form') : page.getElementById(named)) === form;
}

function isHidden(element: HTMLElement): boolean {
  if (element.hasAttribute('hidden') || element.getAttribute('aria-hidden') === 'true') return true;
  if (element.tagName === 'DIALOG' && !element.hasAttribute('open')) return true;
  return element.parentNode?.tagName ? isHidden(element.parentNode) : false;
}

const silent = ['SCRIPT', 'STYLE', 'TEMPLATE', 'HEAD', 'OPTION'];
const inline = [
  'A',
  'ABBR',
  'B',
  'BUTTON',
  'CODE',
  'EM',
  'I',
  'MARK',
  'SMALL',
  'SPAN',
  'STRONG',
  'TIME',
  'WBR',
];

function rawText(node: Node): string {
  if (node.nodeType === NodeType.TEXT_NODE) return node.text;
  if (node.nodeType !== NodeType.ELEMENT_NODE) return '';
  const element = node as HTMLElement;
  const tag = element.tagName ?? '';
  if (silent.includes(tag) && tag !== 'OPTION') return '';
  if (tag === 'DIALOG' && !element.hasAttribute('open')) return '';
  if (element.hasAttribute('hidden')) return '';
  const text = element.childNodes.map(rawText).join('');
  return inline.includes(tag) ? text : ` ${text} `;
}

function fold(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function only<Found>(found: readonly Found[], what: string, instead: () => string = () => ''): Found {
  const [first, second] = found;
  if (first === undefined)
    throw new Error(`the page has no ${what}${instead() === '' ? '' : `; it has: ${instead()}`}`);
  if (second !== undefined) throw new Error(`the page has ${found.length} times the ${what}`);
  return first;
}
