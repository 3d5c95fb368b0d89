import { z } from 'zod';
import type { AddressPart, FoundAddress } from '../../features/addresses/source.ts';
import type { HttpClient } from '../../platform/http-client.ts';
import { type Postcode, parsePostcode } from '../../values/postcode.ts';
import { type KazpostApi, UnusableAnswer } from './api.ts';
import { houseOf, levelsOf, type PresentName, wholeLine } from './line.ts';

const name = z.string().max(500).nullish();
/** Kazpost's ids are letters and digits. They are stored, so nothing else is accepted. */
const id = z.string().regex(/^[\w-]{1,40}$/);
const type = z.object({ id, nameKaz: name, nameRus: name });
const part = z.object({ id, nameKaz: name, nameRus: name, type: type.nullish() });
const building = z
  .object({
    rka: id.nullish().catch(null),
    postcode: name,
    oldPostcode: name,
    parts: z.array(part).max(20).nullish(),
    address: name,
    addressKaz: name,
    addressRus: name,
    number: name,
    type: type.nullish(),
    additional: name,
    additionalType: name,
    corpus: name,
    corpusNumber: name,
    actual: z.union([z.string(), z.number(), z.boolean()]).nullish(),
  })
  .refine((row) => row.parts?.length || row.address || row.addressKaz || row.addressRus);
const envelope = z.object({ data: z.array(z.unknown()).max(200) });
/** In a row of `byAddress` the building is one level deeper, and may be null. */
const searched = z.object({ id: name, fullAddress: z.unknown() });
type Building = z.infer<typeof building>;

/**
 * Kazpost's classic service (api.post.kz): `byAddress`, `byPostcode`, `byOldPostcode`. Lines are
 * built from `parts`, because its own `address` is in Russian or Latin letters. Rows that are not
 * current or have another shape are dropped.
 */
export function createClassicApi(client: HttpClient, presentName: PresentName): KazpostApi {
  async function ask(call: string, text: string): Promise<FoundAddress[]> {
    const { status, body } = await client.ask({
      method: 'GET',
      path: ['api', call, text],
      query: { from: '0' },
    });
    if (status === 204 || status === 404) return [];
    if (status !== 200) throw new UnusableAnswer(`status ${status}`);
    const read = envelope.safeParse(body);
    if (!read.success) throw new UnusableAnswer('another shape');
    const rows = read.data.data.flatMap((row) => addressOf(row, presentName));
    if (rows.length === 0 && read.data.data.length > 0 && !read.data.data.some(isBuilding)) {
      throw new UnusableAnswer('rows of another shape');
    }
    return rows;
  }

  return {
    byText: (text) => ask('byAddress', text),
    byPostcode: (postcode) => ask(postcode.length === 6 ? 'byOldPostcode' : 'byPostcode', postcode),
  };
}

function unwrapped(row: unknown): unknown {
  const wrapped = searched.safeParse(row);
  return wrapped.success && wrapped.data.fullAddress ? wrapped.data.fullAddress : row;
}

function isBuilding(row: unknown): boolean {
  const wrapped = searched.safeParse(row);
  // "fullAddress": null is valid for an address without a building.
  if (wrapped.success && wrapped.data.fullAddress === null) return true;
  return building.safeParse(unwrapped(row)).success;
}

function addressOf(row: unknown, presentName: PresentName): FoundAddress[] {
  const read = building.safeParse(unwrapped(row));
  if (!read.success || ['0', 'false'].includes(String(read.data.actual ?? '1'))) return [];
  const { number, rka } = read.data;
  const raw = read.data.parts ?? [];
  const levels = levelsOf(raw, presentName);
  if (levels.length === 0) return wholeAddress(read.data, presentName);
  const block =
    (read.data.corpusNumber ?? read.data.corpus) || read.data.additional
      ? {
          type: read.data.additional ? (read.data.additionalType ?? '') : 'корпус',
          number: read.data.additional ?? read.data.corpusNumber ?? read.data.corpus ?? '',
        }
      : undefined;
  const house = houseOf(number ?? '', read.data.type, block);
  const all: AddressPart[] =
    house === undefined ? levels : [...levels, { kind: 'house', id: rka ?? null, text: house }];
  const postcode = firstPostcode(read.data.postcode, read.data.oldPostcode);
  return [
    {
      origin: 'kazpost',
      id: rka ?? postcode ?? raw[0]?.id ?? '',
      postcode,
      text: { kk: lineOf(all, 'kk'), ru: lineOf(all, 'ru') },
      parts: all,
    },
  ];
}

/**
 * Reads a row without levels by its whole line, in one language or both. A line in Latin letters is
 * dropped later, because the form refuses it.
 */
function wholeAddress(row: Building, presentName: PresentName): FoundAddress[] {
  const { address, addressKaz, addressRus } = row;
  const kk = wholeLine(addressKaz || addressRus || address || '', 'kk', presentName);
  const ru = wholeLine(addressRus || addressKaz || address || '', 'ru', presentName);
  if (kk === '' || ru === '') return [];
  const postcode = firstPostcode(row.postcode, row.oldPostcode);
  return [
    {
      origin: 'kazpost',
      id: row.rka ?? postcode ?? kk,
      postcode,
      text: { kk, ru },
      parts: [{ kind: 'line', id: null, text: { kk, ru } }],
    },
  ];
}

function lineOf(parts: readonly AddressPart[], language: 'kk' | 'ru'): string {
  return parts.map(({ text }) => text[language]).join(', ');
}

function firstPostcode(...texts: readonly (string | null | undefined)[]): Postcode | null {
  for (const text of texts) {
    const read = text === null || text === undefined ? undefined : parsePostcode(text.slice(0, 20));
    if (read?.ok) return read.value;
  }
  return null;
}
