import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { foldedWords } from '../../src/features/addresses/fold.ts';

/** What the stand-in does instead of answering correctly. */
export type KazpostFault =
  | 'none'
  /** The answer takes longer than any client should wait. */
  | 'slow'
  /** 500. */
  | 'failing'
  /** Status 200 and half a JSON document. */
  | 'broken'
  /** Numbers and lists in place of names. */
  | 'wrong-types'
  /** Markup, control and direction characters in every name, in a thousand rows. */
  | 'hostile'
  /** One answer of 50 MB. */
  | 'huge'
  /** 302 to another path of the same server, which answers correctly. */
  | 'redirecting'
  /** The headers and a few bytes, then nothing more. */
  | 'half-open'
  /** Cuts the connection. */
  | 'cut'
  /** A small answer that grows when unpacked. */
  | 'compressed'
  /**
   * Rows with one whole line, `address`, and no levels. Some of Kazpost's own rows are like that.
   */
  | 'lines';

/** The faults after which Kazpost's part of an answer is missing, and nothing else. */
export const silencingFaults = [
  'slow',
  'failing',
  'broken',
  'wrong-types',
  'huge',
  'redirecting',
  'half-open',
  'cut',
  'compressed',
] as const satisfies readonly KazpostFault[];

/** A server that speaks both of Kazpost's protocols, with invented addresses. */
export interface KazpostServer {
  readonly url: string;
  /** Every request so far: method and raw path. */
  readonly requests: readonly { readonly method: string; readonly path: string }[];
  /** Bytes of bodies handed to the network so far. */
  sent(): number;
  behave(fault: KazpostFault): void;
  /** Makes all tokens issued so far invalid. */
  forgetTokens(): void;
  /** Adds a token that is valid without a log-in. */
  issueToken(token: string): void;
  close(): Promise<void>;
}

export const kazpostCredentials = { username: 'kabinet', password: 'a password for the stand-in' } as const;

export interface KazpostServerOptions {
  /** PEM key and certificate. With them, the server uses TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** 0 for any free port. */
  readonly port?: number;
}

/** Starts the stand-in on 127.0.0.1. */
export async function startKazpostServer(options: KazpostServerOptions = {}): Promise<KazpostServer> {
  const requests: { method: string; path: string }[] = [];
  let fault: KazpostFault = 'none';
  let bytes = 0;
  let tokens = new Set<string>();
  let issued = 0;

  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '/';
    requests.push({ method: request.method ?? '', path });
    const url = new URL(path, 'http://stand-in');
    const login = url.pathname === '/npi-integration/api/auth/login';
    if (fault !== 'none' && !login && !url.pathname.startsWith('/elsewhere'))
      return void misbehave(path, response);
    if (login) return void logIn(request, response);
    if (url.pathname === '/npi-integration/api/npi/search') return void searchOpen(request, url, response);
    // The path as sent: an encoded "/" belongs to the text and must not split it.
    const [, , call, text, ...rest] = path.replace('/elsewhere', '').split('?')[0]?.split('/') ?? [];
    if (rest.length > 0) send(response, 404, undefined);
    else searchClassic(call ?? '', decodeURIComponent(text ?? ''), response);
  };

  function searchClassic(call: string, text: string, response: ServerResponse): void {
    const found = buildings.filter((building) => {
      if (call === 'byPostcode') return building.postcode === text;
      if (call === 'byOldPostcode') return building.oldPostcode === text;
      return call === 'byAddress' && matches(building, text);
    });
    const rows = found.slice(0, 100);
    const data =
      call === 'byAddress'
        ? rows.map((row) => ({
            id: row.rka,
            postcode: row.postcode,
            addressRus: row.address,
            fullAddress: row,
          }))
        : rows;
    send(response, 200, { data, total: found.length, from: 0 });
  }

  function searchOpen(request: IncomingMessage, url: URL, response: ServerResponse): void {
    const bearer = request.headers.authorization?.replace('Bearer ', '') ?? '';
    if (!tokens.has(bearer)) return void send(response, 401, undefined);
    const text = url.searchParams.get('query') ?? '';
    const found = buildings.filter(
      (row) => row.actual === '1' && (row.postcode === text || matches(row, text)),
    );
    if (found.length === 0) return void send(response, 204, undefined);
    const data = found.slice(0, 50).map((row) => ({
      postcode: row.postcode,
      addressKaz: lineOf(row, 'kk'),
      addressRus: lineOf(row, 'ru'),
      addressLat: 'astana qalasy',
      coordinateX: null,
      coordinateY: null,
      _links: {},
    }));
    send(response, 200, { data });
  }

  function logIn(request: IncomingMessage, response: ServerResponse): void {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const given = JSON.parse(body) as Partial<typeof kazpostCredentials>;
      const known =
        given.username === kazpostCredentials.username && given.password === kazpostCredentials.password;
      if (!known) return void send(response, 401, undefined);
      issued += 1;
      const accessToken = `token-${issued}`;
      tokens.add(accessToken);
      send(response, 200, { accessToken });
    });
  }

  function misbehave(path: string, response: ServerResponse): void {
    switch (fault) {
      case 'slow': {
        const late = setTimeout(() => send(response, 200, { data: [] }), 10_000);
        response.on('close', () => clearTimeout(late));
        return;
      }
      case 'failing':
        send(response, 500, { message: 'Internal Server Error' });
        return;
      case 'broken':
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end('{"data":[{"postcode":"Z05');
        return;
      case 'wrong-types':
        send(response, 200, {
          data: [
            { postcode: 5, parts: 'none', addressKaz: ['x'], addressRus: 7 },
            { postcode: {}, parts: [{ id: 1, nameKaz: [] }], addressKaz: {}, addressRus: true },
          ],
          total: 'many',
        });
        return;
      case 'hostile':
        send(response, 200, {
          data: Array.from({ length: 150 }, (_, index) => hostileRow(index)),
          total: 150,
        });
        return;
      case 'redirecting':
        response.writeHead(302, { location: `/elsewhere${path}` });
        response.end();
        return;
      case 'half-open':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
        response.write('{"data":[');
        return;
      case 'cut':
        response.destroy();
        return;
      case 'compressed':
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
        response.end(Buffer.from('1f8b0800000000000003', 'hex'));
        return;
      case 'lines':
        send(response, 200, {
          data: [
            { postcode: 'Z05E8P2', address: 'Республика Казахстан, город Нур-Султан, улица Тулпар, дом №7' },
            { postcode: 'Z05E8P3', address: 'nur-sultan, ulica tulpar, dom 8' },
          ],
          total: 2,
        });
        return;
      case 'huge':
        flood(response);
        return;
      case 'none':
        return;
    }
  }

  function flood(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    const block = Buffer.alloc(64 * 1024, ' ');
    let left = 800;
    const pour = (): void => {
      while (left > 0 && !response.destroyed) {
        left -= 1;
        bytes += block.length;
        if (!response.write(block)) {
          response.once('drain', pour);
          return;
        }
      }
      response.end('{"data":[]}');
    };
    pour();
  }

  function send(response: ServerResponse, status: number, body: unknown): void {
    if (response.destroyed) return;
    const text = body === undefined ? '' : JSON.stringify(body);
    bytes += Buffer.byteLength(text);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(text);
  }

  const server = options.tls === undefined ? createServer(handle) : createSecureServer(options.tls, handle);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    sent: () => bytes,
    behave(next) {
      fault = next;
    },
    forgetTokens() {
      tokens = new Set();
    },
    issueToken(token) {
      tokens.add(token);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Named {
  readonly id: string;
  readonly nameKaz: string;
  readonly nameRus: string;
}

interface Part extends Named {
  readonly typeId: null;
  readonly type: Named;
  readonly parentId: string | null;
  readonly actual: string;
}

interface Building {
  readonly postcode: string;
  readonly rka: string;
  readonly type: Named;
  readonly parts: readonly Part[];
  readonly number: string;
  readonly oldPostcode: string | null;
  readonly address: string | null;
  readonly additional: string | null;
  readonly additionalType: string | null;
  readonly corpus: null;
  readonly corpusNumber: null;
  readonly actual: string;
  readonly positionX: string | null;
  readonly positionY: string | null;
}

const types = {
  village: { id: 'A1', nameRus: 'село', nameKaz: 'ауылы' },
  district: { id: 'A5', nameRus: 'район', nameKaz: 'ауданы' },
  city: { id: 'A6', nameRus: 'Город', nameKaz: 'қаласы' },
  region: { id: 'A7', nameRus: 'область', nameKaz: 'облысы' },
  inCity: { id: 'A8', nameRus: 'Район в городе', nameKaz: 'қала ішіндегі аудан' },
  capital: {
    id: 'A9',
    nameRus: 'Город республиканского значения',
    nameKaz: 'республикалық маңызы бар қаласы',
  },
  country: { id: 'A10', nameRus: 'Республика', nameKaz: 'Республикасы' },
  street: { id: 'G11', nameRus: 'улица', nameKaz: 'көшесі' },
  avenue: { id: 'G15', nameRus: 'проспект', nameKaz: 'даңғылы' },
  estate: { id: 'G46', nameRus: 'Жилой массив', nameKaz: 'Тұрғын үй алабы' },
  house: { id: 'B2', nameRus: 'дом', nameKaz: 'үй' },
} as const satisfies Record<string, Named>;

type Level = readonly [type: keyof typeof types, kk: string, ru: string];

/** Invented streets. The capital has its name of 2022, as Kazpost still had it. */
const streets: readonly {
  readonly index: string;
  readonly old: string;
  readonly levels: readonly Level[];
}[] = [
  {
    index: 'Z',
    old: '010000',
    levels: [
      ['capital', 'Нұр-Сұлтан', 'Нур-Султан'],
      ['inCity', 'Есіл', 'Есиль'],
      ['estate', 'Көктерек', 'Коктерек'],
      ['street', 'Тұлпар', 'Тулпар'],
    ],
  },
  {
    index: 'A',
    old: '050000',
    levels: [
      ['capital', 'Алматы', 'Алматы'],
      ['inCity', 'Бостандық', 'Бостандыкский'],
      ['avenue', 'Абай', 'Абая'],
    ],
  },
  {
    index: 'A',
    old: '050000',
    levels: [
      ['capital', 'Алматы', 'Алматы'],
      ['inCity', 'Медеу', 'Медеуский'],
      ['street', 'Жібек жолы', 'Жибек жолы'],
    ],
  },
  {
    index: 'M',
    old: '100000',
    levels: [
      ['region', 'Қарағанды', 'Карагандинская'],
      ['city', 'Қарағанды', 'Караганда'],
      ['street', 'Мұқанов', 'Муканова'],
    ],
  },
  {
    index: 'B',
    old: '040900',
    levels: [
      ['region', 'Алматы', 'Алматинская'],
      ['district', 'Қарасай', 'Карасайский'],
      ['village', 'Шамалған', 'Шамалган'],
      ['street', 'Бірлік', 'Бирлик'],
    ],
  },
];

const buildings: readonly Building[] = streets.flatMap((street, index) => housesOf(street, index));

function housesOf(street: (typeof streets)[number], index: number): Building[] {
  const parts = partsOf(street.levels, index);
  return ['1', '2', '3/1', '10', '12А'].map((number, house) => {
    // Every building has its own postcode. One row in five is not current, one address is missing,
    // and one is in Latin letters.
    const actual = house === 4 ? '0' : '1';
    const address =
      house === 1 ? null : house === 2 ? 'almaty, prospekt abaya, dom 3/1' : russianAddress(parts, number);
    return {
      postcode: `${street.index}${10 + index}B${house}C${index}`,
      rka: `02013000${String(index).padStart(4, '0')}${String(house).padStart(4, '0')}`,
      type: types.house,
      parts,
      number,
      oldPostcode: house === 3 ? null : street.old,
      address,
      additional: house === 0 && index === 1 ? '1' : null,
      additionalType: house === 0 && index === 1 ? 'БЛОК' : null,
      corpus: null,
      corpusNumber: null,
      actual,
      positionX: house === 0 ? '71.427177' : null,
      positionY: house === 0 ? '51.148574' : null,
    };
  });
}

function partsOf(levels: readonly Level[], street: number): Part[] {
  const country: Part = {
    id: 'A1',
    nameKaz: 'Қазақстан',
    nameRus: 'Казахстан',
    typeId: null,
    type: types.country,
    parentId: null,
    actual: '1',
  };
  const down = levels.map(([type, nameKaz, nameRus], depth): Part => {
    const letter = types[type].id.startsWith('G') ? 'G' : 'A';
    return {
      id: `${letter}${100_000 + street * 10 + depth}`,
      nameKaz,
      nameRus,
      typeId: null,
      type: types[type],
      parentId: null,
      actual: '1',
    };
  });
  return [country, ...down].reverse();
}

function russianAddress(parts: readonly Part[], number: string): string {
  const names = [...parts].reverse().map(({ type, nameRus }) => `${type.nameRus.toLowerCase()} ${nameRus}`);
  return `${names.join(', ')}, дом №${number}`;
}

function lineOf(building: Building, language: 'kk' | 'ru'): string {
  const levels = [...building.parts].reverse();
  return language === 'kk'
    ? [...levels.map(({ nameKaz, type }) => kazakhLevel(nameKaz, type)), `${building.number} үй`].join(', ')
    : [...levels.map(({ nameRus, type }) => russianLevel(nameRus, type)), `дом ${building.number}`].join(
        ', ',
      );
}

function kazakhLevel(name: string, { id, nameKaz }: Named): string {
  if (id === 'A10') return 'Қазақстан Республикасы';
  return `${name} ${id === 'A9' ? 'қаласы' : id === 'A8' ? 'ауданы' : nameKaz.toLowerCase()}`;
}

function russianLevel(name: string, { id, nameRus }: Named): string {
  if (id === 'A10') return 'Республика Казахстан';
  return `${id === 'A9' ? 'город' : id === 'A8' ? 'район' : nameRus.toLowerCase()} ${name}`;
}

function matches(building: Building, text: string): boolean {
  const words = new Set(
    [...building.parts.flatMap(({ nameKaz, nameRus }) => [nameKaz, nameRus]), building.number, 'Астана']
      .flatMap((name) => foldedWords(name))
      .map(({ word }) => word),
  );
  const asked = foldedWords(text).map(({ word }) => word);
  return asked.length > 0 && asked.every((word) => [...words].some((known) => known.startsWith(word)));
}

/** The same row in both forms. A client that trusts it shows a script or reverses the line. */
function hostileRow(index: number): unknown {
  const script = `<script>alert(${index})</script>`;
  const name = index % 3 === 0 ? `Абай${String.fromCodePoint(0x202e, 0x200b, 0)}` : `${script}Абай`;
  const row = {
    postcode: index % 2 === 0 ? 'Z05E8P2' : script,
    rka: `${script}${index}`,
    type: { id: 'B2', nameRus: 'дом', nameKaz: 'үй' },
    number: `${index}`,
    oldPostcode: "010000' or 1=1",
    actual: '1',
    parts: [
      {
        id: '__proto__',
        nameKaz: name,
        nameRus: name,
        type: { id: 'constructor', nameKaz: 'көшесі', nameRus: 'улица' },
      },
    ],
    addressKaz: `${name} көшесі, ${index}`,
    addressRus: `улица ${name}, ${index}`,
    addressLat: script,
  };
  return { ...row, id: `${index}`, fullAddress: row };
}
