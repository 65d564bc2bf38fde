/**
 * The patterns of a load balancer's rules, and so of host names: `*` stands for any characters, `?` for exactly one.
 *
 * Matched by hand and not by a regular expression: patterns come from users, and `*a*a*a*b` as a regular expression takes
 * exponential time on the wrong text. This takes at most pattern length times text length. Compiled once a state, because
 * with a thousand clusters a request may be held against thousands of patterns.
 */
export type Wildcard = (text: string) => boolean;

const ANY_RUN = Symbol('*');
const ANY_ONE = Symbol('?');
type Token = string | typeof ANY_RUN | typeof ANY_ONE;

export interface WildcardOptions {
  readonly ignoreCase?: boolean;
  /** `\*` and `\?` stand for the characters themselves. */
  readonly backslashEscapes?: boolean;
}

export function wildcard(pattern: string, options: WildcardOptions = {}): Wildcard {
  const { ignoreCase = false, backslashEscapes = false } = options;
  const tokens = tokensOf(ignoreCase ? pattern.toLowerCase() : pattern, backslashEscapes);
  const literal = tokens.every((token) => typeof token === 'string') ? tokens.join('') : undefined;
  const matches =
    literal === undefined ? (text: string) => matchesTokens(tokens, text) : (text: string) => text === literal;
  return ignoreCase ? (text) => matches(text.toLowerCase()) : matches;
}

function matchesTokens(tokens: readonly Token[], text: string): boolean {
  let token = 0;
  let position = 0;
  let starToken = -1;
  let starPosition = 0;
  while (position < text.length) {
    const current = tokens[token];
    if (current === ANY_RUN) {
      starToken = token;
      starPosition = position;
      token += 1;
    } else if (current !== undefined && (current === ANY_ONE || current === text[position])) {
      token += 1;
      position += 1;
    } else if (starToken >= 0) {
      // The last star takes one character more; earlier stars never need to be looked at again.
      starPosition += 1;
      position = starPosition;
      token = starToken + 1;
    } else {
      return false;
    }
  }
  while (tokens[token] === ANY_RUN) token += 1;
  return token === tokens.length;
}

function tokensOf(pattern: string, backslashEscapes: boolean): Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern.charAt(index);
    if (backslashEscapes && character === '\\' && index + 1 < pattern.length) {
      index += 1;
      tokens.push(pattern.charAt(index));
    } else if (character === '*') tokens.push(ANY_RUN);
    else if (character === '?') tokens.push(ANY_ONE);
    else tokens.push(character);
  }
  return tokens;
}
