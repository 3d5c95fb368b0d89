/** The address to which the app leads back, opened in a browser of the phone. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface BackOptions {
  /**
   * The cookies of the browser that it opens in, as a `Cookie` header: of the browser in which the
   * person began. Without them it is another cookie jar, as on iOS when another browser is the
   * default one.
   */
  readonly cookies?: string | undefined;
  readonly userAgent?: string | undefined;
}

export interface BackPage {
  readonly status: number;
  readonly html: string;
  /** Six digits that the page shows, to be typed elsewhere. */
  readonly digits: string | undefined;
  /**
   * Sends a form of the page by its first button, with its hidden fields and the page's origin. `index` counts the
   * forms of method POST inside `<main>`, or in the page if it has none.
   */
  press(index?: number): Promise<BackPressed>;
}

export interface BackPressed {
  readonly status: number;
  readonly location: string | undefined;
  /** The `Set-Cookie` headers. */
  readonly setCookies: readonly string[];
  readonly html: string;
}

/** Opens it as a browser does. Redirects are not followed. */
export async function openBackUrl(url: string, options: BackOptions = {}): Promise<BackPage> {
  const jar = readJar(options.cookies);
  const opened = await send(new URL(url), options, jar);
  const main = /<main[\s>][\s\S]*<\/main>/.exec(opened.html)?.[0] ?? opened.html;
  return {
    status: opened.status,
    html: opened.html,
    digits: sixDigits(main),
    async press(index = 0) {
      const found = [...main.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].filter(([, attributes = '']) =>
        /\bmethod="?post"?/i.test(attributes),
      )[index];
      if (!found) throw new Error(`the page has no form ${index}`);
      const [, attributes = '', inside = ''] = found;
      const action = new URL(decode(attribute(attributes, 'action') ?? ''), url);
      const fields = [...inside.matchAll(/<input\b([^>]*)>/g)].flatMap(([, one = '']) => {
        const name = attribute(one, 'name');
        const value = attribute(one, 'value');
        return attribute(one, 'type') === 'hidden' && name !== undefined
          ? [[decode(name), decode(value ?? '')] as const]
          : [];
      });
      const button = /<button\b([^>]*)>/.exec(inside)?.[1] ?? '';
      const pressed = attribute(button, 'name');
      const form = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value]));
      if (pressed !== undefined) form.append(decode(pressed), decode(attribute(button, 'value') ?? ''));
      return send(action, options, jar, form);
    },
  };
}

interface Sent {
  readonly status: number;
  readonly location: string | undefined;
  readonly setCookies: readonly string[];
  readonly html: string;
}

function send(
  url: URL,
  { userAgent = 'Mozilla/5.0 (Linux; Android 14) Mobile' }: BackOptions,
  jar: Map<string, string>,
  form?: URLSearchParams,
): Promise<Sent> {
  const cookies = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const body = form?.toString();
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: body === undefined ? 'GET' : 'POST',
      agent: false,
      headers: {
        accept: 'text/html',
        'user-agent': userAgent,
        ...(cookies === '' ? {} : { cookie: cookies }),
        ...(body === undefined
          ? {}
          : {
              origin: url.origin,
              'content-type': 'application/x-www-form-urlencoded',
              'content-length': String(Buffer.byteLength(body)),
            }),
      },
    });
    sent.once('error', reject).once('response', (response) => {
      const setCookies = response.headers['set-cookie'] ?? [];
      for (const one of setCookies) {
        const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(one) ?? [];
        if (/;\s*max-age=0\b/i.test(one)) jar.delete(name);
        else jar.set(name, value);
      }
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject).once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          location: response.headers.location,
          setCookies,
          html: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    sent.end(body);
  });
}

function readJar(cookies: string | undefined): Map<string, string> {
  return new Map(
    (cookies ?? '').split(/;\s*/).flatMap((one) => {
      const at = one.indexOf('=');
      return at < 0 ? [] : [[one.slice(0, at), one.slice(at + 1)] as const];
    }),
  );
}

/** Six digits that stand alone in the text of a page, with or without a space in their middle. */
function sixDigits(html: string): string | undefined {
  const text = decode(html.replace(/<(script|style)\b[\s\S]*?<\/\1>/g, ' ').replace(/<[^>]*>/g, ' '));
  const [, first, second] =
    /(?<![\d.+][ \u00a0]?)(\d{3})[ \u00a0\u202f]?(\d{3})(?![ \u00a0.]?\d)/.exec(text) ?? [];
  return first === undefined || second === undefined ? undefined : first + second;
}

function attribute(text: string, name: string): string | undefined {
  const [, quoted, bare] = new RegExp(`(?:^|\\s)${name}=(?:"([^"]*)"|([^\\s"'>]+))`).exec(text) ?? [];
  return quoted ?? bare;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: '\u00a0' };

function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hexadecimal, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hexadecimal !== undefined) return String.fromCodePoint(Number.parseInt(hexadecimal, 16));
    return ENTITIES[String(name)] ?? whole;
  });
}
