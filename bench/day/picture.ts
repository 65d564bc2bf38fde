/** A day with naps as a picture: what was asked, what ran, and what it cost. Pure: the text of an SVG. */
import * as echarts from 'echarts';
import type { Day, DayPhase } from './simulate.ts';

export interface PictureInput {
  readonly day: Day;
  /** Seconds since midnight. */
  readonly requests: readonly number[];
  /** Dollars since midnight, by seconds since midnight. */
  readonly cost: readonly (readonly [second: number, dollars: number])[];
  readonly costAwake: number;
  readonly title: string;
  readonly subtitle: string;
  /** Lines below the picture: where each number comes from. */
  readonly notes: readonly string[];
}

const WIDTH = 1200;
const HEIGHT = 780;
const LEFT = 84;
const RIGHT = 150;
const HOUR = 3_600;
const BIN_SECONDS = 10 * 60;
const BINS = (24 * HOUR) / BIN_SECONDS;
const FONT = "'Inter', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif";

const INK = '#1f2933';
const QUIET = '#66727f';
const LINE = '#e3e7eb';
const KITE = '#b5482a';
const KITE_LIGHT = '#b5482a22';
const NIGHT = '#cfd8e3';
const AMBER = '#e2a23b';
const COLOURS: Readonly<Record<DayPhase, string>> = {
  awake: KITE,
  waking: AMBER,
  'falling-asleep': AMBER,
  asleep: NIGHT,
};

/** Series hold numbers only: a phase is its place here. */
const PHASES = ['awake', 'waking', 'falling-asleep', 'asleep'] as const satisfies readonly DayPhase[];

const hours = (seconds: number) => seconds / HOUR;
const clock = (value: number) => `${String(value).padStart(2, '0')}:00`;

export function drawDay(input: PictureInput): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  try {
    chart.setOption(options(input));
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

function options(input: PictureInput): echarts.EChartsOption {
  const grids = [
    { top: 132, height: 96 },
    { top: 286, height: 44 },
    { top: 392, height: 236 },
  ].map((grid) => ({ ...grid, left: LEFT, right: RIGHT }));
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT, color: INK },
    title: {
      left: 36,
      top: 26,
      text: input.title,
      subtext: input.subtitle,
      itemGap: 10,
      padding: 0,
      textStyle: { fontFamily: FONT, fontSize: 25, fontWeight: 600, color: INK },
      subtextStyle: { fontFamily: FONT, fontSize: 15, color: QUIET },
    },
    grid: grids,
    xAxis: [0, 1, 2].map((gridIndex) => ({
      gridIndex,
      type: 'value' as const,
      min: 0,
      max: 24,
      interval: 3,
      axisLine: { show: gridIndex !== 1, lineStyle: { color: QUIET } },
      axisTick: { show: gridIndex === 2, lineStyle: { color: QUIET } },
      splitLine: { show: gridIndex === 2, lineStyle: { color: LINE } },
      axisLabel: { show: gridIndex === 2, color: QUIET, fontSize: 13, formatter: clock },
    })),
    yAxis: [
      axis(0, { minInterval: 5, splitNumber: 2 }),
      { ...axis(1, {}), min: 0, max: 1, axisLabel: { show: false }, splitLine: { show: false } },
      axis(2, {
        splitNumber: 4,
        axisLabel: { color: QUIET, fontSize: 13, formatter: (value: number) => dollars(value) },
      }),
    ],
    graphic: [
      heading(grids[0]?.top ?? 0, 'Requests in ten minutes'),
      heading(grids[1]?.top ?? 0, 'The cluster'),
      ...legend(grids[1]?.top ?? 0),
      heading(grids[2]?.top ?? 0, 'Compute since midnight'),
      ...input.notes.map((text, index) => ({
        type: 'text' as const,
        left: 36,
        top: 672 + index * 21,
        style: { text, fill: QUIET, font: `12.5px ${FONT}` },
      })),
    ],
    series: [requestBars(input), phases(input), ...costs(input)],
  };
}

function axis(gridIndex: number, changes: object) {
  return {
    gridIndex,
    type: 'value' as const,
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: QUIET, fontSize: 13 },
    splitLine: { lineStyle: { color: LINE } },
    ...changes,
  };
}

const heading = (gridTop: number, text: string) => ({
  type: 'text' as const,
  left: 36,
  top: gridTop - 32,
  style: { text, fill: INK, font: `600 14px ${FONT}` },
});

/** Right of the heading, on its line. */
function legend(gridTop: number) {
  const entries: readonly (readonly [colour: string, text: string, left: number])[] = [
    [KITE, 'awake', 150],
    [NIGHT, 'asleep: no container, nothing billed for it', 232],
    [AMBER, 'on its way (drawn wider than it is)', 540],
  ];
  return entries.flatMap(([fill, text, left]) => [
    { type: 'rect' as const, left, top: gridTop - 30, shape: { width: 12, height: 12, r: 2 }, style: { fill } },
    {
      type: 'text' as const,
      left: left + 18,
      top: gridTop - 31,
      style: { text, fill: QUIET, font: `13px ${FONT}` },
    },
  ]);
}

function requestBars({ requests }: PictureInput): echarts.SeriesOption {
  const counts = Array.from({ length: BINS }, () => 0);
  for (const time of requests) {
    const bin = Math.min(BINS - 1, Math.floor(time / BIN_SECONDS));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return {
    type: 'bar',
    xAxisIndex: 0,
    yAxisIndex: 0,
    barWidth: 5,
    itemStyle: { color: QUIET, borderRadius: [2, 2, 0, 0] },
    data: counts.map((count, bin) => [hours((bin + 0.5) * BIN_SECONDS), count]),
  };
}

/** Seconds of a wake are less than a pixel of a day: these are drawn this wide all the same. */
const LEAST_WIDTH = 3;

function phases({ day }: PictureInput): echarts.SeriesOption {
  return {
    type: 'custom',
    xAxisIndex: 1,
    yAxisIndex: 1,
    clip: true,
    data: day.spans
      // What is widened comes last, over its neighbours.
      .toSorted((a, b) => Number(isShort(a.phase)) - Number(isShort(b.phase)))
      .map(({ phase, from, to }) => [hours(from), hours(to), PHASES.indexOf(phase)]),
    renderItem: (_parameters, api) => {
      const from = api.coord([api.value(0), 1]);
      const to = api.coord([api.value(1), 0]);
      const [x = 0, y = 0] = from;
      const [right = 0, bottom = 0] = to;
      return {
        type: 'rect',
        shape: { x, y, width: Math.max(LEAST_WIDTH, right - x), height: bottom - y },
        style: { fill: COLOURS[PHASES[Number(api.value(2))] ?? 'asleep'] },
      };
    },
  };
}

const isShort = (phase: DayPhase) => phase === 'waking' || phase === 'falling-asleep';

function costs({ cost, costAwake }: PictureInput): echarts.SeriesOption[] {
  const last = cost.at(-1)?.[1] ?? 0;
  const label = (text: string, color: string) => ({
    show: true,
    formatter: text,
    color,
    fontSize: 14,
    fontWeight: 600,
    lineHeight: 18,
    fontFamily: FONT,
    distance: 8,
  });
  return [
    {
      type: 'line',
      xAxisIndex: 2,
      yAxisIndex: 2,
      symbol: 'none',
      lineStyle: { color: QUIET, width: 2, type: [6, 5] },
      endLabel: label(`${dollars(costAwake, 2)}\nnever asleep`, QUIET),
      data: [
        [0, 0],
        [24, costAwake],
      ],
    },
    {
      type: 'line',
      xAxisIndex: 2,
      yAxisIndex: 2,
      symbol: 'none',
      lineStyle: { color: KITE, width: 3, join: 'round' },
      areaStyle: { color: KITE_LIGHT },
      endLabel: label(`${dollars(last, 2)}\nwith naps`, KITE),
      data: cost.map(([second, sum]) => [hours(second), sum]),
    },
  ];
}

const dollars = (value: number, digits = 0) => `$${value.toFixed(digits)}`;
