/**
 * A PDF with a white box and a line of text over its first page. The file is only added to, by an
 * update of its page, so every byte that was there stays, and so does the text that a reader copies.
 * It only understands what pdfkit writes.
 */
export function overlaid(file: Buffer): Buffer {
  const text = file.toString('latin1');
  const [, id = '', page = ''] = /^(\d+) 0 obj\n(<<\n\/Type \/Page\n.*?)\nendobj/ms.exec(text) ?? [];
  const contents = /\/Contents (\d+) 0 R/.exec(page)?.[1];
  const size = Number(/\/Size (\d+)/.exec(text)?.[1]);
  const root = /\/Root \d+ 0 R/.exec(text)?.[0];
  const former = /startxref\n(\d+)/.exec(text)?.[1];
  if (!contents || !root || !former || !size) throw new Error('not a file of pdfkit');
  const drawing = 'q 1 g 40 400 515 200 re f 0 g BT /F1 12 Tf 60 500 Td (forged) Tj ET Q';
  const objects: readonly (readonly [number, string])[] = [
    [Number(id), page.replace(/\/Contents \d+ 0 R/, `/Contents [${contents} 0 R ${size} 0 R]`)],
    [size, `<< /Length ${drawing.length} >>\nstream\n${drawing}\nendstream`],
  ];
  let update = '\n';
  const table = objects.map(([number, body]) => {
    const offset = String(text.length + update.length).padStart(10, '0');
    update += `${number} 0 obj\n${body}\nendobj\n`;
    return `${number} 1\n${offset} 00000 n \n`;
  });
  const start = text.length + update.length;
  update += `xref\n${table.join('')}trailer\n<< /Size ${size + 1} ${root} /Prev ${former} >>\n`;
  return Buffer.from(`${text}${update}startxref\n${start}\n%%EOF\n`, 'latin1');
}
