/** Tables in a document that are made from the code: what stands between two comments is replaced. Pure. */

export type Row = readonly (string | number)[];

export function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.map((cell) => formatCell(cell)).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const formatCell = (cell: string | number) => (typeof cell === 'number' ? formatNumber(cell) : cell);

/** With commas, and no more than one digit behind the point. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

const begin = (name: string) => `<!-- made by \`npm run tables\`: ${name} -->`;
const END = '<!-- end -->';

/** Throws when the document has no place for it. */
export function replaceBlock(document: string, name: string, content: string): string {
  const from = document.indexOf(begin(name));
  const to = document.indexOf(END, from);
  if (from < 0 || to < 0) throw new Error(`There is no "${begin(name)}" with an "${END}" behind it.`);
  return `${document.slice(0, from)}${begin(name)}\n\n${content}\n\n${document.slice(to)}`;
}
