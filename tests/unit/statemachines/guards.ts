/** What ends a loop: a deadline that has passed, or a count that is full. Read from the conditions of the definition itself. */
import jsonata from 'jsonata';
import type { Loop, Passage } from './loops.ts';

interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly lhs?: Node;
  readonly rhs?: Node;
  readonly procedure?: Node;
  readonly arguments?: readonly Node[];
}

const inside = (expression: string) => expression.slice('{%'.length, -'%}'.length).trim();
const parse = (expression: string) => jsonata(inside(expression)).ast() as unknown as Node;
const sides = (node: Node | undefined, operator: string): Node[] => {
  if (node === undefined) return [];
  return node.type === 'binary' && node.value === operator
    ? [...sides(node.lhs, operator), ...sides(node.rhs, operator)]
    : [node];
};
const isVariable = (node: Node | undefined, name: string) => node?.type === 'variable' && node.value === name;
const isCall = (node: Node | undefined, name: string) =>
  node?.type === 'function' && isVariable(node.procedure, name) ? node : undefined;

/** Conditions of which any one takes the execution out of the loop, where it goes on by this passage all the same. */
const refused = ({ states }: Loop, passage: Passage): Node[] =>
  passage.refused.filter(({ to }) => !states.includes(to)).flatMap(({ condition }) => sides(parse(condition), 'or'));

/** Names of the variables that hold a deadline which every turn looks at. */
export function deadlinesOn(loop: Loop, cycle: readonly Passage[]): string[] {
  return cycle.flatMap((passage) =>
    refused(loop, passage).flatMap(({ value, lhs, rhs }) =>
      value === '>' && isCall(lhs, 'millis') !== undefined && rhs?.type === 'variable' ? [String(rhs.value)] : [],
    ),
  );
}

const COUNTS = { more: /^\{% \$(\w+) \+ 1 %\}$/, longer: /^\{% \[\$(\w+), .*\] %\}$/ };

/** What a loop does to a variable every time that it assigns it; undefined where it does different things, or others. */
function kindOf({ passages }: Loop, name: string): 'count' | 'set' | 'cleared' | undefined {
  const kinds = passages
    .filter(({ assigns }) => Object.hasOwn(assigns, name))
    .map(({ assigns }) => {
      const value = assigns[name];
      if (typeof value === 'boolean') return value ? 'set' : 'cleared';
      return Object.values(COUNTS).some((form) => form.exec(String(value))?.[1] === name) ? 'count' : undefined;
    });
  return new Set(kinds).size === 1 ? kinds[0] : undefined;
}

export interface Count {
  readonly variable: string;
  /** How often an execution can go round like this. */
  readonly times: number;
}

/** The smallest count that this way round adds to, and looks at. */
export function countOn(loop: Loop, cycle: readonly Passage[]): Count | undefined {
  const names = new Set(cycle.flatMap(({ assigns }) => Object.keys(assigns)));
  const counts = [...names].flatMap((variable): Count[] => {
    // Each place that counts may do so once more before the next one looks.
    const places = loop.passages.filter(({ assigns }) => Object.hasOwn(assigns, variable)).length;
    const most = limitOn(loop, cycle, variable);
    return most === undefined ? [] : [{ variable, times: most + places }];
  });
  return counts.toSorted((a, b) => a.times - b.times)[0];
}

function limitOn(loop: Loop, cycle: readonly Passage[], name: string): number | undefined {
  switch (kindOf(loop, name)) {
    case 'count':
      return cycle
        .flatMap((passage) => refused(loop, passage))
        .flatMap(({ value, lhs, rhs }) => {
          const counted = isVariable(lhs, name) || isVariable(isCall(lhs, 'count')?.arguments?.[0], name);
          return value === '>' && counted && rhs?.type === 'number' ? [Number(rhs.value)] : [];
        })[0];
    case 'set':
      return cycle.some((passage) => refused(loop, passage).some((node) => isVariable(node, name))) ? 0 : undefined;
    case 'cleared': {
      const wanted = cycle.flatMap(({ condition }) => (condition === undefined ? [] : sides(parse(condition), 'and')));
      return wanted.some((node) => isVariable(node, name)) ? 0 : undefined;
    }
    case undefined:
      return undefined;
  }
}
