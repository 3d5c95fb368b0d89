/**
 * Reads XML into a small tree, by `saxes`, which is strict. Limits apply while it reads, so that a
 * hostile document ends early. A document type is refused where it begins: without one there are
 * no entities, no default attributes and nothing to fetch.
 */
import { SaxesParser } from 'saxes';
import { toUtf8 } from '../platform.ts';
import { XmlRefusal } from './verdict.ts';

const XML = 'http://www.w3.org/XML/1998/namespace';
const XMLNS = 'http://www.w3.org/2000/xmlns/';

const MAX_DEPTH = 64;
const MAX_NODES = 20_000;
const MAX_ATTRIBUTES = 128;

export interface XmlAttribute {
  /** The name as it is written, with its prefix. */
  readonly written: string;
  readonly prefix: string;
  readonly namespace: string;
  readonly name: string;
  readonly value: string;
}

export interface XmlElement {
  readonly kind: 'element';
  readonly written: string;
  readonly prefix: string;
  readonly namespace: string;
  readonly name: string;
  /** Without the declarations of namespaces. */
  readonly attributes: readonly XmlAttribute[];
  /** The namespaces that this element declares, by prefix ("" is the default). */
  readonly declared: ReadonlyMap<string, string>;
  readonly parent: XmlElement | null;
  readonly children: readonly XmlNode[];
}

export type XmlNode =
  | XmlElement
  | { readonly kind: 'text' | 'comment'; readonly value: string }
  | { readonly kind: 'instruction'; readonly target: string; readonly value: string };

export interface XmlDocument {
  readonly root: XmlElement;
  /** Comments and processing instructions before and after the root. */
  readonly before: readonly XmlNode[];
  readonly after: readonly XmlNode[];
}

/**
 * Reads a document, as text or as UTF-8.
 * @throws XmlRefusal `malformed`, `tooLarge`, `tooDeep`, `doctype` or `entity`
 */
export function parseXml(input: Uint8Array | string, maxBytes: number): XmlDocument {
  const size = typeof input === 'string' ? toUtf8(input).length : input.length;
  if (size > maxBytes) throw new XmlRefusal('tooLarge', 'the document is too large');
  const text = typeof input === 'string' ? input : decode(input);
  if (/\p{Surrogate}/u.test(text)) throw new XmlRefusal('malformed', 'half of a surrogate pair');
  const reader = new Reader(typeof input !== 'string');
  // A byte order mark of UTF-8 is no character of the document.
  return reader.read(text.startsWith('\ufeff') ? text.slice(1) : text);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new XmlRefusal('malformed', 'not UTF-8');
  }
}

type Open = XmlElement & { readonly children: XmlNode[] };

class Reader {
  readonly #parser = new SaxesParser({ xmlns: true, position: false });
  readonly #before: XmlNode[] = [];
  readonly #after: XmlNode[] = [];
  readonly #open: Open[] = [];
  #root: XmlElement | null = null;
  #depth = 0;
  #nodes = 0;
  #attributes = 0;

  constructor(fromBytes: boolean) {
    const parser = this.#parser;
    parser.on('error', ({ message }) => {
      // Only the five entities of XML itself exist without a document type.
      throw /undefined entity/.test(message)
        ? new XmlRefusal('entity', 'an entity that the document would have to define')
        : new XmlRefusal('malformed', 'not well-formed XML');
    });
    parser.on('xmldecl', ({ version, encoding }) => {
      if (version !== '1.0') throw new XmlRefusal('malformed', 'another version than XML 1.0');
      if (fromBytes && encoding !== undefined && !/^utf-?8$/i.test(encoding)) {
        throw new XmlRefusal('malformed', 'another encoding than UTF-8');
      }
    });
    parser.on('doctype', () => {
      throw new XmlRefusal('doctype', 'a document type');
    });
    parser.on('opentagstart', () => {
      this.#depth++;
      this.#attributes = 0;
      if (this.#depth > MAX_DEPTH) throw new XmlRefusal('tooDeep', `more than ${MAX_DEPTH} levels`);
    });
    parser.on('attribute', () => {
      this.#attributes++;
      if (this.#attributes > MAX_ATTRIBUTES) throw new XmlRefusal('tooLarge', 'too many attributes');
    });
    parser.on('opentag', (tag) => {
      const attributes: XmlAttribute[] = [];
      const declared = new Map<string, string>();
      for (const { name, prefix, local, uri, value } of Object.values(tag.attributes)) {
        if (uri === XMLNS) declared.set(prefix === '' ? '' : local, value);
        else attributes.push({ written: name, prefix, namespace: uri, name: local, value });
      }
      const { name, prefix, local, uri } = tag;
      const parent = this.#open.at(-1) ?? null;
      const element = {
        kind: 'element' as const,
        written: name,
        prefix,
        namespace: uri,
        name: local,
        attributes,
        declared,
        parent,
        children: [],
      };
      this.#add(element);
      this.#root ??= element;
      this.#open.push(element);
    });
    parser.on('closetag', () => {
      this.#open.pop();
      this.#depth--;
    });
    parser.on('text', (value) => this.#addText(value));
    parser.on('cdata', (value) => this.#addText(value));
    parser.on('comment', (value) => this.#add({ kind: 'comment', value }));
    parser.on('processinginstruction', ({ target, body }) =>
      this.#add({ kind: 'instruction', target, value: body }),
    );
  }

  /** Text in pieces, and CDATA, is one text. Between the root and the ends there is only white space. */
  #addText(value: string): void {
    const siblings = this.#open.at(-1)?.children;
    if (siblings === undefined || value === '') return;
    const last = siblings.at(-1);
    if (last?.kind === 'text') siblings[siblings.length - 1] = { kind: 'text', value: last.value + value };
    else this.#add({ kind: 'text', value });
  }

  #add(node: XmlNode): void {
    this.#nodes++;
    if (this.#nodes > MAX_NODES) throw new XmlRefusal('tooLarge', `more than ${MAX_NODES} nodes`);
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.children.push(node);
    else if (node.kind !== 'element') (this.#root === null ? this.#before : this.#after).push(node);
  }

  read(text: string): XmlDocument {
    this.#parser.write(text).close();
    if (this.#root === null) throw new XmlRefusal('malformed', 'no element');
    return { root: this.#root, before: this.#before, after: this.#after };
  }
}

/** Every element from this one down, in the order of the document. */
export function* elementsOf(root: XmlElement): Generator<XmlElement> {
  yield root;
  for (const child of root.children) if (child.kind === 'element') yield* elementsOf(child);
}

export function isNamed(of: XmlElement, namespace: string, name: string): boolean {
  return of.namespace === namespace && of.name === name;
}

/** The value of an attribute without a prefix; null when it is absent. */
export function attributeOf(of: XmlElement, name: string): string | null {
  return of.attributes.find((one) => one.namespace === '' && one.name === name)?.value ?? null;
}

export function isXml(of: XmlAttribute): boolean {
  return of.namespace === XML;
}
