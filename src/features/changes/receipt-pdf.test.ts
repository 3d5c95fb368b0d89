import { describe, expect, it } from 'vitest';
import { drawnQr, readPdf } from '../../../test/support/pdf-text.ts';
import { qrRuns } from '../../ui/qr-code.tsx';
import { type ReceiptDocument, receiptPdf } from './receipt-pdf.ts';

const receipt: ReceiptDocument = {
  language: 'kk',
  cabinet: 'Жеке кабинет',
  fund: 'Бірыңғай жинақтаушы зейнетақы қоры',
  title: 'Деректемелерге өзгерістер енгізу',
  lead: 'Рақмет! Өзгерістер сақталды',
  number: 'R-7F3K-92QX',
  madeAt: new Date('2026-11-22T09:15:00Z'),
  facts: [
    { term: 'Түбіртек нөмірі', value: 'R-7F3K-92QX' },
    { term: 'Уақыты', value: '2026 ж. 22 қараша, 14:15 (Астана уақыты)' },
  ],
  changes: {
    title: 'Өзгерістер',
    words: { field: 'Деректеме', before: 'Бұрынғы мәні', after: 'Жаңа мәні', empty: 'жоқ' },
    rows: [
      { field: 'Мекенжай', before: null, after: 'Әл-Фараби даңғылы, 77/7' },
      { field: 'Пәтер', before: '12', after: null },
    ],
  },
  next: { title: 'Әрі қарай не болады', text: 'Өзгерістер қордың ақпараттық жүйесіне жетеді.' },
  check: {
    title: 'Түбіртекті тексеру',
    text: 'Осы файлды мына бетте таңдаңыз:',
    qrLabel: 'Тексеру бетінің QR-коды',
    encode: qrRuns,
    origin: 'https://cabinet.enpf.kz',
  },
  footer: 'Түбіртек Жеке кабинетте автоматты түрде қалыптастырылды.',
};

const seal = {
  place: 'no seal yet\n',
  code: `1.R7F3K92QXABC.2026-11-22T09:15:00Z.${'a'.repeat(43)}.${'b'.repeat(86)}`,
};

const withAddress = (after: string): ReceiptDocument => ({
  ...receipt,
  changes: { ...receipt.changes, rows: [{ field: 'Мекенжай', before: null, after }] },
});

describe('receiptPdf', () => {
  it('prints each decomposed letter as one glyph, and no invisible mark', async () => {
    const nfd = 'Қасымов Андрей Ёлкин'.normalize('NFD');
    const facts = [{ term: 'Аты-жөні', value: `${nfd}\u200b\r\nоғлы` }];
    const { lines } = readPdf(await receiptPdf({ ...receipt, facts }));
    expect(lines).toContain('Қасымов Андрей Ёлкин оғлы');
  });

  it('contains every text, in reading order', async () => {
    const { lines, pages } = readPdf(await receiptPdf(receipt));
    expect(pages).toBe(1);
    expect(lines).toEqual([
      'Жеке кабинет',
      'Бірыңғай жинақтаушы зейнетақы қоры',
      'Деректемелерге өзгерістер енгізу',
      'Рақмет! Өзгерістер сақталды',
      'Түбіртек нөмірі',
      'R-7F3K-92QX',
      'Уақыты',
      '2026 ж. 22 қараша, 14:15 (Астана уақыты)',
      'Өзгерістер',
      'Деректеме',
      'Бұрынғы мәні',
      'Жаңа мәні',
      'Мекенжай',
      'жоқ',
      'Әл-Фараби даңғылы, 77/7',
      'Пәтер',
      '12',
      'жоқ',
      'Әрі қарай не болады',
      'Өзгерістер қордың ақпараттық жүйесіне жетеді.',
      '1 / 1',
      'Түбіртек Жеке кабинетте автоматты түрде қалыптастырылды.',
    ]);
  });

  it('with a seal also says how it is checked, and has the code for those who do not see it', async () => {
    const bare = readPdf(await receiptPdf(receipt)).lines;
    const { lines, objects } = readPdf(await receiptPdf({ ...receipt, seal }));
    const { title, text, origin } = receipt.check;
    expect(lines).toEqual([...bare.slice(0, -2), title, text, `${origin}/check`, ...bare.slice(-2)]);
    expect(objects).toContain('/S /Figure\n');
    expect(objects).toMatch(/\/Alt \(./);
  });

  it('keeps the code whole: what does not fit is on the next page', async () => {
    const counts = new Set<number>();
    for (let lines = 14; lines <= 30; lines++) {
      const long = withAddress(Array.from({ length: lines }, () => 'Щ'.repeat(10)).join(' '));
      const file = await receiptPdf({ ...long, seal });
      const { runs, size, top } = drawnQr(file);
      counts.add(readPdf(file).pages);
      // Above the footer, which begins at 794 points.
      expect(top + 96).toBeLessThanOrEqual(780);
      expect([size, Math.max(...runs.map(([, y]) => y))]).toEqual([65, 60]);
    }
    expect(counts).toEqual(new Set([1, 2]));
  });

  it('lets every letter and sign of an address be copied, in both weights', async () => {
    const letters = 'АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ';
    const kazakh = 'ӘҒҚҢӨҰҮҺІ';
    const signs = '0123456789.,-/№"«»()\'';
    const all = [letters, kazakh, letters.toLowerCase(), kazakh.toLowerCase(), signs];
    const rows = all.map((text) => ({ field: 'x', before: text, after: text }));
    const { lines } = readPdf(await receiptPdf({ ...receipt, changes: { ...receipt.changes, rows } }));
    const copied = lines.join('');
    for (const text of all) {
      for (const character of text) {
        // Once in the regular and once in the bold face. A row may be split into lines.
        expect(copied.split(character).length, character).toBeGreaterThan(2);
      }
    }
  });

  it('wraps a long address at spaces without losing a letter', async () => {
    const address = 'Түркістан облысы, Сайрам ауданы, Қарабұлақ ауылы, Һәкімжан Наурызбайұлы көшесі, № 77/7 '
      .repeat(11)
      .trim();
    const { lines } = readPdf(await receiptPdf(withAddress(address)));
    expect(lines.join(' ')).toContain(address);
    expect(lines.every((line) => line.length < 120)).toBe(true);
  });

  it('continues on further pages, with the receipt number at the top and the page number at the bottom', async () => {
    const { lines, pages } = readPdf(await receiptPdf(withAddress('Щ'.repeat(5000))));
    expect(pages).toBeGreaterThan(2);
    expect(lines.join('').split('Щ')).toHaveLength(5001);
    expect(lines.filter((line) => line === receipt.number)).toHaveLength(pages);
    for (let page = 1; page <= pages; page++) expect(lines).toContain(`${page} / ${pages}`);
  });

  it('keeps № and its number on one line', async () => {
    for (let length = 0; length < 30; length++) {
      const { lines } = readPdf(await receiptPdf(withAddress(`${'ә'.repeat(length)} № 77/7`)));
      expect(lines.join('\n')).toContain('№ 77/7');
    }
  });

  it('breaks a long e-mail address after a sign', async () => {
    const { lines } = readPdf(
      await receiptPdf(withAddress('aigul.mukhambetkalikyzy@a-long-name.example.kz')),
    );
    expect(lines.join('')).toContain('aigul.mukhambetkalikyzy@a-long-name.example.kz');
    expect(lines).not.toContain('aigul.mukhambetkalikyzy@a-long-name.example.kz');
  });

  it('is tagged, has a title and states its language', async () => {
    const { objects } = readPdf(await receiptPdf(receipt));
    expect(objects).toContain('/Marked true');
    expect(objects).toContain('/Lang (kk)');
    expect(objects).toContain('/DisplayDocTitle true');
    expect(objects).toContain(
      '<rdf:li xml:lang="x-default">Деректемелерге өзгерістер енгізу: R-7F3K-92QX</rdf:li>',
    );
    for (const tag of ['Document', 'H1', 'H2', 'P', 'Table', 'TR', 'TH', 'TD'])
      expect(objects).toContain(`/S /${tag}\n`);
    expect(objects.match(/\/Scope \/Column/g)).toHaveLength(3);
    expect(objects.match(/\/Scope \/Row/g)).toHaveLength(4);
  });

  it('embeds only the letters that it needs', async () => {
    const file = await receiptPdf(receipt);
    expect(file.length).toBeLessThan(90_000);
    expect(file.toString('latin1')).toMatch(/\/FontName \/[A-Z]{6}\+PTSans-Regular/);
  });

  it('is the same file for the same receipt', async () => {
    expect(await receiptPdf(receipt)).toEqual(await receiptPdf(receipt));
  });

  it('shows text that looks like mark-up or code as text', async () => {
    const text = '<img src=http://127.0.0.1/x> ) Tj /JS (app.alert(1)) \\ %PDF';
    const file = await receiptPdf(withAddress(text));
    const { lines, objects } = readPdf(file);
    expect(lines.join(' ')).toContain(text);
    expect(objects).not.toMatch(/\/(JS|JavaScript|URI|Launch|OpenAction)\b/);
  });

  it('survives letters that the font does not have', async () => {
    const file = await receiptPdf(withAddress('Үй 🏠 中文 \ud800'));
    expect(file.subarray(0, 5).toString()).toBe('%PDF-');
  });
});
