#!/usr/bin/env node
/**
 * Rebuilds data/places.tsv from the classifier of administrative and territorial objects (KATO).
 *
 *   node scripts/build-places.mjs [CSV] [OUT]
 *
 * CSV has the columns kato,kato_version,level,type_code,name_ru,name_kk (data/README.md says where
 * it comes from); OUT is data/places.tsv unless given. The same input always gives the same bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Letters of old Kazakh fonts, which occur in a dozen rows of the classifier. */
const oldFont = { Ќ: 'Қ', ќ: 'қ', Ї: 'Ү', ї: 'ү', Ў: 'Ұ', ў: 'ұ', Ј: 'Ә', ј: 'ә' };

/**
 * The kinds of places, tried in this order, with their Russian and Kazakh abbreviations. A row has
 * the first kind whose Russian pattern it matches, or otherwise whose Kazakh pattern it matches.
 */
const kinds = [
  ['region', /(?:^область\s+|\s+область$)/i, /\s+облысы$/i],
  ['cityadmin', /(?:^г\.\s?а\.\s*|\s*г\.\s?а\.?$)/i, /\s*[қг]\.\s?[әа]\.?$/i],
  ['settlement_admin', /(?:^п\.\s?а\.\s*|\s*п\.\s?а\.?$)/i, /\s*к\.\s?ә\.?$/i],
  ['village_admin', /(?:^с\.\s?а\.\s*|\s+с\.\s?а\.?$)/i, /\s*а\.\s?ә\.?$/i],
  ['districtadmin', /(?:^р\.\s?а\.\s*|\s*р\.\s?а\.?$)/i, /\s*а\.\s?ә\.?$/i],
  ['rural_okrug', /(?:^с\.\s?о\.\s*|\s*с\.\s?о\s?\.?$)/i, /[\s.]*а\.\s?о\s?\.?$/i],
  ['district', /(?:^район\s+|\s+район$)/i, /[\s.]*ауданы$/i],
  ['city', /^г\.\s*/i, /\s*қ\.$/i],
  ['station', /(?:^(?:отг\.)?ст\.\s*|\s+ст\.$)/i, /\s*ст\.(?:ж\.)?$/i],
  ['siding', /(?:^рзд\.?\s*|\s+рзд\.?$)/i, /(?:^рзд\.?\s*|\s*рзд\.?$)/i],
  ['townlet', /^п\.\s*/i, /\s+к\.$/i],
  ['village', /(?:^с\.\s*|\s+с\.$)/i, /[\s.]*[ас]\.$/i],
  ['plot', /^уч\.\s*/i, /\s*уч\.$/i],
  ['winter', /^зимовка\s+/i, /\s*[қк]ыстауы$/i],
  ['pasture', /^отг\.\s*/i, /\s*ж\.$/i],
  ['point', /(?:^(?:жив\.)?(?:точка|т\.|пункт)\s*|\s+точка$)/i, /\s+(?:мекені|жайылымы)$/i],
  ['farm', /^кр(?:ес)?\.?\s?(?:хоз|пос)\.?\s*/i, /[\s.]*(?:шар\.?\s?қож\.?|шар\.қонысы)$/i],
];

/**
 * How each kind is written in full; `@` stands for the name. The reader of places.tsv has the same
 * words.
 */
const wording = {
  region: ['@ облысы', '@ область'],
  repcity: ['@ қаласы', 'город @'],
  district: ['@ ауданы', '@ район'],
  citydistrict: ['@ ауданы', '@ район'],
  city: ['@ қаласы', 'город @'],
  townlet: ['@ кенті', 'посёлок @'],
  village: ['@ ауылы', 'село @'],
  rural_okrug: ['@ ауылдық округі', '@ сельский округ'],
  cityadmin: ['@ қалалық әкімдігі', 'городская администрация @'],
  settlement_admin: ['@ кенттік әкімдігі', 'поселковая администрация @'],
  village_admin: ['@ ауылдық әкімдігі', 'сельская администрация @'],
  districtadmin: ['@ аудандық әкімдігі', 'районная администрация @'],
  station: ['@ станциясы', 'станция @'],
  siding: ['@ разъезі', 'разъезд @'],
  plot: ['@ учаскесі', 'участок @'],
  winter: ['@ қыстауы', 'зимовка @'],
  pasture: ['@ жайылымы', 'отгон @'],
  point: ['@ мекені', 'точка @'],
  farm: ['@ шаруа қожалығы', 'крестьянское хозяйство @'],
  other: ['@', '@'],
};

/** The wording, by kind, when the noun comes first in Russian ("район Тұран", "область Абай"). */
const nounFirst = {
  region: 'область @',
  district: 'район @',
  citydistrict: 'район @',
  rural_okrug: 'сельский округ @',
};

/**
 * The plain noun of a kind, for names "in honour of": "Қазыбек би атындағы аудан", "район имени
 * Казыбек би".
 */
const plainNoun = {
  district: ['аудан', 'район'],
  citydistrict: ['аудан', 'район'],
  rural_okrug: ['ауылдық округ', 'сельский округ'],
  village: ['ауыл', 'село'],
};

const [csv = source('../data/sources/kato-2026-07-17.csv'), out = source('../data/places.tsv')] =
  process.argv.slice(2);
const rows = readCsv(readFileSync(csv, 'utf8'));
const byCode = new Map(rows.map((row) => [row.kato, row]));
const lines = rows.map(placeLine);
writeFileSync(out, `${['kato\tkind\tkk\tru\tkkFull\truFull', ...lines].join('\n')}\n`);
console.log(`${lines.length} places written to ${out}`);

/**
 * Makes one line of places.tsv. The full wording is included only if it differs from the kind's.
 */
function placeLine(row) {
  const kk = clean(row.name_kk);
  const ru = clean(row.name_ru);
  const [found] = kinds.find(([, russian]) => russian.test(ru)) ??
    kinds.find(([, , kazakh]) => kazakh.test(kk)) ?? ['other'];
  const kind = settle(found, row);
  const [, russian, kazakh] = kinds.find(([name]) => name === found) ?? [];
  const kkName = bare(kk, kazakh);
  const ruName = bare(ru, russian);
  const kkFull = /атын(?:дағы)?$/i.test(kkName)
    ? `${honoured(kkName)} атындағы ${plainNoun[kind]?.[0] ?? ''}`.trim()
    : (wording[kind]?.[0] ?? '@').replace('@', kkName);
  const ruFull = russianFull(kind, ru, ruName, russian);
  const name = { kk: honoured(kkName), ru: ruName.replace(/^им(?:ени\s+|\.\s*)/i, '') };
  return [
    row.kato,
    kind,
    name.kk,
    name.ru === name.kk ? '' : name.ru,
    kkFull === wording[kind][0].replace('@', name.kk) ? '' : kkFull,
    ruFull === wording[kind][1].replace('@', name.ru) ? '' : ruFull,
  ].join('\t');
}

/**
 * The kind of a row whose abbreviation is not enough: cities of republican significance and
 * districts of a city.
 */
function settle(kind, row) {
  if (row.level === 'oblast') return kind === 'region' ? 'region' : 'repcity';
  if (kind !== 'district') return kind;
  const above = byCode.get(`${row.kato.slice(0, 2)}0000000`);
  const inCity =
    row.level === 'sub_district' || row.level === 'settlement' || !/обл/i.test(above?.name_ru ?? '');
  return inCity ? 'citydistrict' : 'district';
}

/**
 * The full Russian wording: the noun stays where the classifier has it; "им." and "с.о." are
 * spelled out.
 */
function russianFull(kind, official, name, pattern) {
  if (/^им\./i.test(name)) {
    return `${plainNoun[kind]?.[1] ?? ''} имени ${name.replace(/^им\.\s*/i, '')}`.trim();
  }
  const leads = pattern !== undefined && official.search(pattern) === 0;
  const template = leads && nounFirst[kind] !== undefined ? nounFirst[kind] : (wording[kind]?.[1] ?? '@');
  return template.replace('@', name);
}

/** "Қазыбек би атын" -> "Қазыбек би". */
function honoured(name) {
  return name.replace(/[\s.]*атын(?:дағы)?$/i, '').trim();
}

/** The name without the abbreviation of its kind. The whole name when nothing else would remain. */
function bare(name, pattern) {
  if (pattern === undefined) return name;
  const rest = name
    .replace(pattern, '')
    .replace(/\s+/g, ' ')
    .replace(/(?<=[\p{L}\d]{2})\.$/u, '')
    .trim();
  return rest === '' ? name : rest;
}

function clean(name) {
  return name
    .normalize('NFC')
    .replace(/[ЌќЇїЎўЈј]/g, (letter) => oldFont[letter])
    .replace(/[\s\u00a0]+/g, ' ')
    .trim();
}

/** Records of a CSV with a header (RFC 4180). */
function readCsv(text) {
  const records = [];
  let record = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    record.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    if (record.length > 1) records.push(record);
    record = [];
  }
  const [header = [], ...body] = records;
  return body.map((cells) => Object.fromEntries(header.map((key, index) => [key, cells[index] ?? ''])));
}

function source(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}
