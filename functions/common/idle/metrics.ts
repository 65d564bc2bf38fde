/**
 * The text in which Milvus gives its metrics (Prometheus' exposition format 0.0.4), as far as idle detection reads it: the
 * samples of a few metrics by name. A line that is not what the format says is an error: a counter that was misread must
 * not make a cluster look idle.
 */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

// A label may hold what JavaScript takes for the end of a line (U+2028, a carriage return): hence `s`.
const SAMPLE = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})?[ \t]+(?<value>\S+)(?:[ \t]+-?\d+)?[ \t]*$/s;
const LABEL = /[ \t,]*(?<label>[a-zA-Z_]\w*)[ \t]*=[ \t]*"(?<text>(?:[^"\\]|\\.)*)"/sy;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };
const SPECIAL_VALUES: Readonly<Record<string, number>> = { '+Inf': Infinity, Inf: Infinity, '-Inf': -Infinity, NaN };

/** The samples of the metrics with these names, in their order. Throws a SyntaxError. */
export function parseMetrics(text: string, names: ReadonlySet<string>): Sample[] {
  return text
    .split('\n')
    .filter((line) => names.has(nameOf(line)))
    .map(parseSample);
}

/** Most of a page is histograms nobody asked for: their lines are never taken apart. */
function nameOf(line: string): string {
  const end = line.search(/[{ \t]/);
  return end < 0 ? line : line.slice(0, end);
}

function parseSample(line: string): Sample {
  const groups = SAMPLE.exec(line)?.groups;
  const value = groups?.['value'] === undefined ? undefined : parseValue(groups['value']);
  if (groups?.['name'] === undefined || value === undefined) throw new SyntaxError(`No metric: ${line.slice(0, 200)}`);
  return { name: groups['name'], labels: parseLabels(groups['labels'] ?? '', line), value };
}

function parseValue(text: string): number | undefined {
  if (Object.hasOwn(SPECIAL_VALUES, text)) return SPECIAL_VALUES[text];
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}

function parseLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let position = 0;
  while (/[^ \t,]/.test(text.slice(position))) {
    LABEL.lastIndex = position;
    const groups = LABEL.exec(text)?.groups;
    if (groups?.['label'] === undefined) throw new SyntaxError(`No metric: ${line.slice(0, 200)}`);
    labels[groups['label']] = (groups['text'] ?? '').replaceAll(/\\(.)/gs, (all, one: string) => ESCAPES[one] ?? all);
    position = LABEL.lastIndex;
  }
  return labels;
}
