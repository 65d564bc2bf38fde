/**
 * How much of a text, or of a list of names, goes on. What functions answer and throw travels through state machines, which carry
 * 256 KiB from state to state, and into the registry; and nobody reads a thousand names. What is cut says how much is left out.
 */

/** Bytes of one text. */
export const MOST_TEXT = 1_000;
/** Of one name in a list. */
const MOST_NAME = 300;
/** Of names in a list; also of what is listed as it is, with its number beside it. */
export const MOST_NAMED = 20;

/** As JSON, in which a quote has two bytes and a control character six. */
const bytesOf = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2;

export function boundedText(text: string, most = MOST_TEXT): string {
  // Nothing takes more than six bytes a character: most texts are not looked at any closer.
  if (text.length * 6 <= most || bytesOf(text) <= most) return text;
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += bytesOf(character);
    if (bytes > most) break;
    end += character.length;
  }
  return `${text.slice(0, end)} ... and ${text.length - end} more characters`;
}

/** `a, b and 312 more`. */
export function boundedNames(names: readonly string[], separator = ', '): string {
  const first = names
    .slice(0, MOST_NAMED)
    .map((name) => boundedText(name, MOST_NAME))
    .join(separator);
  return names.length > MOST_NAMED ? `${first} and ${names.length - MOST_NAMED} more` : first;
}
