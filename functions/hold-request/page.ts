/**
 * What a person sees who opens a sleeping cluster in a browser: one self-contained page that says what happens and goes on
 * by itself, with a script or without. Pure; whatever comes from outside is escaped.
 */
import { createHash } from 'node:crypto';
import type { Phase } from '../common/cluster/phases.ts';
import type { ClusterRecord } from '../common/cluster/record.ts';
import { PROGRESS_TYPE } from './answers.ts';
import { PROGRESS_HEADER } from './classify.ts';

export interface Progress {
  readonly phase: Phase;
  readonly title: string;
  readonly text: string;
  /** Since the cluster is in this phase; of its sleep nothing is counted, however long it was. */
  readonly seconds: number;
  /** It leads to `awake` by itself. */
  readonly moving: boolean;
}

interface Words {
  readonly title: string;
  readonly text: string;
  readonly moving: boolean;
}

const WORDS: Readonly<Record<Phase, Words>> = {
  asleep: {
    title: 'is waking up',
    text: 'Nobody had used this Milvus cluster for a while, so it went to sleep and cost nothing. Your visit wakes it.',
    moving: true,
  },
  waking: {
    title: 'is waking up',
    text: 'Its catalog is put back, its servers start, and every collection that was loaded is loaded again.',
    moving: true,
  },
  'falling-asleep': {
    title: 'is turning round',
    text: 'It was just falling asleep. Your visit was noted: it wakes again as soon as it safely can.',
    moving: true,
  },
  creating: { title: 'is being created', text: 'Its servers start for the first time.', moving: true },
  recovering: {
    title: 'is recovering',
    text: 'Part of its catalog was lost and is restored from the newest copy there is.',
    moving: true,
  },
  upgrading: { title: 'is being upgraded', text: 'It changes to another release of Milvus.', moving: true },
  scaling: { title: 'is being scaled', text: 'It gets servers of another size or number.', moving: true },
  awake: { title: 'is awake', text: 'Here you go.', moving: true },
  deleting: { title: 'is being deleted', text: 'It will not come back.', moving: false },
  failed: {
    title: 'needs help',
    text: 'It cannot be reached, and does not come back by itself. Whoever runs it finds the reason in the Redkite API.',
    moving: false,
  },
};

export function progressOf({ phase, phaseSince }: ClusterRecord, nowMs: number): Progress {
  const since = Date.parse(phaseSince);
  const seconds = Number.isNaN(since) || phase === 'asleep' ? 0 : Math.max(0, Math.round((nowMs - since) / 1_000));
  return { phase, ...WORDS[phase], seconds };
}

const REFRESH_SECONDS = 3;
/** In the order of what happens; a browser shows how far it is. */
const STEPS: readonly (readonly [label: string, phases: readonly Phase[]])[] = [
  ['Asked to wake', ['asleep', 'falling-asleep']],
  ['Waking up', ['waking', 'creating', 'recovering', 'upgrading', 'scaling']],
  ['Awake', ['awake']],
];

/** Shows how it goes on, and loads the page again once something other than this function answers. */
const SCRIPT = `
(function () {
  var seen = 0, at = Date.now(), phase = document.body.dataset.phase;
  var start = at - Number(document.body.dataset.seconds) * 1000;
  var byId = function (id) { return document.getElementById(id); };
  function clock() {
    var s = Math.max(0, Math.round((Date.now() - start) / 1000));
    byId('clock').textContent = s < 90 ? s + ' s' : Math.floor(s / 60) + ' min';
  }
  function show(now) {
    byId('title').textContent = now.title;
    byId('text').textContent = now.text;
    if (now.phase !== phase) { phase = now.phase; start = Date.now() - now.seconds * 1000; }
    document.body.dataset.phase = phase;
    document.querySelectorAll('li').forEach(function (li, i, all) {
      var own = li.dataset.phases.split(' ').indexOf(phase) >= 0;
      if (own) all.forEach(function (other, j) { other.className = j < i ? 'done' : j === i ? 'now' : ''; });
    });
    byId('bar').hidden = !now.moving;
    byId('steps').hidden = !now.moving;
  }
  function look() {
    fetch(location.href, { headers: { '${PROGRESS_HEADER}': '1' }, cache: 'no-store' }).then(function (answer) {
      if ((answer.headers.get('content-type') || '').indexOf('${PROGRESS_TYPE}') < 0) { location.reload(); return; }
      return answer.json().then(function (now) {
        byId('note').hidden = true;
        show(now);
        if (now.phase === 'awake') setTimeout(function () { location.reload(); }, 500);
        else if (now.phase === 'asleep' && (seen += 1) > 20) { location.reload(); }
        else if (now.moving) setTimeout(look, 1000);
      });
    }).catch(function () { byId('note').hidden = false; setTimeout(look, 2000); });
  }
  setInterval(clock, 500);
  clock();
  if (!byId('bar').hidden) setTimeout(look, 1000);
})();
`;

/** By it the page's own policy allows this script and no other. */
export const SCRIPT_HASH = `sha256-${createHash('sha256').update(SCRIPT).digest('base64')}`;

const STYLE = `
:root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;--paper:#f6f8fa;--card:#fff;--kite:#b4452c}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--paper:#0d1117;--card:#151b23;--kite:#e8765a}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:34rem;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:32px}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .6rem;overflow-wrap:anywhere}
p{margin:0 0 1.1rem}
.soft{color:var(--soft);font-size:.9rem;margin:0}
#bar{height:4px;border-radius:2px;background:var(--line);overflow:hidden;margin:0 0 1.4rem}
#bar i{display:block;height:100%;width:35%;border-radius:2px;background:var(--kite);animation:glide 1.8s ease-in-out infinite}
@keyframes glide{from{transform:translateX(-110%)}to{transform:translateX(310%)}}
@media (prefers-reduced-motion:reduce){#bar i{animation:none;width:100%;opacity:.5}}
ol{list-style:none;display:flex;gap:8px;padding:0;margin:0 0 1.4rem}
li{flex:1;border-top:3px solid var(--line);padding-top:6px;color:var(--soft);font-size:.85rem}
li.done{border-color:var(--kite)}
li.now{border-color:var(--kite);color:var(--ink);font-weight:600}
[hidden]{display:none!important}
`;

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function waitingPage(record: ClusterRecord, nowMs: number): string {
  const { phase, title, text, seconds, moving } = progressOf(record, nowMs);
  const name = escapeHtml(record.name);
  const current = STEPS.findIndex(([, phases]) => phases.includes(phase));
  const steps = STEPS.map(([label, phases], index) => {
    const state = index < current ? ' class="done"' : index === current ? ' class="now"' : '';
    return `<li data-phases="${phases.join(' ')}"${state}>${label}</li>`;
  }).join('');
  const hidden = moving ? '' : ' hidden';
  const refresh = moving ? `<noscript><meta http-equiv="refresh" content="${REFRESH_SECONDS}"></noscript>` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${refresh}
<title>${name} ${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body data-phase="${phase}" data-seconds="${seconds}">
<main>
<h1>${name} <span id="title">${escapeHtml(title)}</span></h1>
<p id="text" aria-live="polite">${escapeHtml(text)}</p>
<div id="bar"${hidden}><i></i></div>
<ol id="steps"${hidden}>${steps}</ol>
<p class="soft"${hidden}>This page goes on by itself. So far: <span id="clock">${seconds} s</span>.</p>
<p class="soft" id="note" hidden>The connection is lost. Trying again.</p>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}
