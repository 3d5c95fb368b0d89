/**
 * Canonical XML 1.0 and Exclusive XML Canonicalization 1.0, of a document or of one element with
 * everything in it, as signatures need them. The result is the octets that are digested.
 */
import { compare as compareOctets, toUtf8 } from '../platform.ts';
import { isXml, type XmlAttribute, type XmlDocument, type XmlElement, type XmlNode } from './tree.ts';

export interface Canonicalization {
  readonly exclusive: boolean;
  readonly comments: boolean;
  /** Prefixes that the exclusive form treats as the inclusive one does ("" is the default). */
  readonly inclusivePrefixes: readonly string[];
}

/** The algorithms by their identifiers. */
const ALGORITHMS: Readonly<Record<string, Omit<Canonicalization, 'inclusivePrefixes'>>> = {
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315': { exclusive: false, comments: false },
  'http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments': { exclusive: false, comments: true },
  'http://www.w3.org/2001/10/xml-exc-c14n#': { exclusive: true, comments: false },
  'http://www.w3.org/2001/10/xml-exc-c14n#WithComments': { exclusive: true, comments: true },
};

/** Null for an algorithm that is not in the table. */
export function canonicalization(id: string, inclusivePrefixes: readonly string[]): Canonicalization | null {
  const found = Object.hasOwn(ALGORITHMS, id) ? ALGORITHMS[id] : undefined;
  return found === undefined ? null : { ...found, inclusivePrefixes };
}

/** The canonical octets of a whole document, without `omitted`. */
export function canonicalDocument(
  { root, before, after }: XmlDocument,
  form: Canonicalization,
  omitted: XmlElement | null,
): Uint8Array {
  const writer = new Writer(form, omitted);
  for (const node of before) writer.outside(node, '', '\n');
  writer.apex(root);
  for (const node of after) writer.outside(node, '\n', '');
  return writer.octets();
}

/** The canonical octets of an element with everything in it, without `omitted`. */
export function canonicalElement(
  element: XmlElement,
  form: Canonicalization,
  omitted: XmlElement | null = null,
): Uint8Array {
  const writer = new Writer(form, omitted);
  writer.apex(element);
  return writer.octets();
}

class Writer {
  readonly #form: Canonicalization;
  readonly #omitted: XmlElement | null;
  readonly #pieces: string[] = [];

  constructor(form: Canonicalization, omitted: XmlElement | null) {
    this.#form = form;
    this.#omitted = omitted;
  }

  octets(): Uint8Array {
    return toUtf8(this.#pieces.join(''));
  }

  /** A comment or an instruction beside the root, each on its own line. */
  outside(node: XmlNode, before: string, after: string): void {
    if (node.kind === 'comment' && !this.#form.comments) return;
    this.#pieces.push(before);
    this.#node(node, null, null);
    this.#pieces.push(after);
  }

  /** The outermost element. Its ancestors count for the namespaces, and for `xml:` attributes. */
  apex(element: XmlElement): void {
    let around: Scope | null = null;
    const inherited = new Map<string, XmlAttribute>();
    for (const ancestor of ancestorsOf(element)) {
      around = within(around, ancestor.declared);
      for (const one of ancestor.attributes) if (isXml(one)) inherited.set(one.name, one);
    }
    for (const one of element.attributes) if (isXml(one)) inherited.delete(one.name);
    const added = this.#form.exclusive ? [] : [...inherited.values()];
    this.#element(element, around, null, added);
  }

  #node(node: XmlNode, around: Scope | null, written: Scope | null): void {
    switch (node.kind) {
      case 'element':
        if (node !== this.#omitted) this.#element(node, around, written, []);
        return;
      case 'text':
        this.#pieces.push(escapeText(node.value));
        return;
      case 'comment':
        if (this.#form.comments) this.#pieces.push(`<!--${node.value}-->`);
        return;
      case 'instruction':
        this.#pieces.push(`<?${node.target}${node.value === '' ? '' : ` ${node.value}`}?>`);
    }
  }

  /** `around`: the namespaces there; `written`: those that the output has there, null at the apex. */
  #element(
    element: XmlElement,
    around: Scope | null,
    written: Scope | null,
    added: readonly XmlAttribute[],
  ): void {
    const scope = within(around, element.declared);
    const namespaces = this.#namespaces(element, scope, written);
    this.#pieces.push('<', element.written);
    for (const [prefix, uri] of namespaces) {
      this.#pieces.push(prefix === '' ? ' xmlns="' : ` xmlns:${prefix}="`, escapeAttribute(uri), '"');
    }
    for (const one of inOrder(element.attributes, added)) {
      this.#pieces.push(' ', one.written, '="', escapeAttribute(one.value), '"');
    }
    this.#pieces.push('>');
    const below = namespaces.length === 0 ? (written ?? NOTHING) : within(written, new Map(namespaces));
    for (const child of element.children) this.#node(child, scope, below);
    this.#pieces.push('</', element.written, '>');
  }

  /** The declarations to write at an element, in order. */
  #namespaces(
    element: XmlElement,
    scope: Scope | null,
    written: Scope | null,
  ): readonly (readonly [string, string])[] {
    const prefixes = new Set(
      this.#form.exclusive ? this.#used(element) : declaredIn(element, scope, written),
    );
    return [...prefixes]
      .map((prefix) => [prefix, find(scope, prefix)] as const)
      .filter(([prefix, uri]) => prefix !== 'xml' && find(written, prefix) !== uri)
      .sort(([a], [b]) => compare(a, b));
  }

  /** The prefixes that the exclusive form writes: those in names, and those of the list. */
  #used({ prefix, attributes }: XmlElement): readonly string[] {
    if (attributes.length === 0) return [prefix, ...this.#form.inclusivePrefixes];
    const inNames = attributes.filter((one) => one.prefix !== '').map((one) => one.prefix);
    return [prefix, ...inNames, ...this.#form.inclusivePrefixes];
  }
}

function inOrder(
  attributes: readonly XmlAttribute[],
  added: readonly XmlAttribute[],
): readonly XmlAttribute[] {
  if (attributes.length + added.length < 2) return attributes.length === 0 ? added : attributes;
  return [...attributes, ...added].sort(
    (a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name),
  );
}

/**
 * The prefixes that the inclusive form writes: at the apex all that are in scope, below it those
 * that an element declares itself.
 */
function declaredIn(element: XmlElement, scope: Scope | null, written: Scope | null): readonly string[] {
  if (written !== null) return [...element.declared.keys()];
  const all: string[] = [];
  for (let one = scope; one !== null; one = one.around) all.push(...one.own.keys());
  return all;
}

/** Namespaces by prefix, where each element adds its own. Not copied: a hostile document has many. */
interface Scope {
  readonly own: ReadonlyMap<string, string>;
  readonly around: Scope | null;
}

const NOTHING: Scope = { own: new Map(), around: null };

function within(around: Scope | null, own: ReadonlyMap<string, string>): Scope | null {
  return own.size === 0 ? around : { own, around };
}

/** The namespace of a prefix; "" when there is none. */
function find(scope: Scope | null, prefix: string): string {
  for (let one = scope; one !== null; one = one.around) {
    const uri = one.own.get(prefix);
    if (uri !== undefined) return uri;
  }
  return '';
}

/** From the root down to the parent. */
function ancestorsOf(element: XmlElement): readonly XmlElement[] {
  const found: XmlElement[] = [];
  for (let one = element.parent; one !== null; one = one.parent) found.unshift(one);
  return found;
}

/** The order of code points, which is that of UTF-8 and not that of UTF-16. */
function compare(a: string, b: string): number {
  return a === b ? 0 : compareOctets(toUtf8(a), toUtf8(b));
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#xD;');
}

function escapeAttribute(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\t', '&#x9;')
    .replaceAll('\n', '&#xA;')
    .replaceAll('\r', '&#xD;');
}
