import type { LinkPayload } from '../../report/link/payload.ts';
import { settingsWords } from '../../report/settings.ts';
import { units } from '../messages/units.en.ts';
import { words } from '../messages/words.ts';
import type { LinkWords } from './link-contents.ts';

const { count, number } = units;
const figures = (known: number) => count(known, { one: 'figure', other: 'figures' });

/** What a link tells, part by part. */
const contents: LinkWords = {
  kind: {
    what: 'What was done',
    show: (kind) =>
      ({ run: 'checks', bench: 'measurements', mutate: 'mutants', train: 'fine-tuning' })[kind],
  },
  tool: { what: 'Which Gradproof did it', show: ({ version, commit }) => `${version} (${commit})` },
  time: {
    what: 'When it began, to the second, and how long it took',
    show: ({ startedAt, durationMs }) =>
      `${startedAt.toISOString().slice(0, 19)}Z, ${(durationMs / 1000).toFixed(1)} s`,
  },
  settings: { what: 'The settings of the run, with the text of its filters', show: settings },
  environments: {
    what: 'Browser, operating system, graphics adapter and its features, and how its arithmetic behaves',
    show: (environments) => environments.map(environment).join(' | '),
  },
  planHash: { what: 'Which list of checks this version has, as a hash', show: (hash) => hash },
  statuses: {
    what: 'For each check of that list, how it ended',
    show: (ran) => count(ran, { one: 'verdict', other: 'verdicts' }),
  },
  accuracies: {
    what: 'For each check that ran, how much of its error bound was used, to 9 %',
    show: figures,
  },
  speeds: { what: 'For each check that was timed, its median time, to 9 %', show: figures },
  places: { what: 'For each check that ran, in which of several environments', show: figures },
  replayed: {
    what: 'How many recordings, weights of checkpoints and fine-tunings ended how; neither their names nor their data',
    show: (counts) => counted(counts) || 'none',
  },
  device: { what: 'The name that you gave this computer', show: (name) => name || 'none' },
};

function settings({
  tier,
  filters,
  shard,
  seed,
  timeoutMs,
  options,
  complete,
  retried,
  hidden,
}: LinkPayload['settings']): string {
  return [
    `tier ${tier}`,
    filters.length > 0 ? `checks ${filters.join(' ')}` : 'all checks',
    `part ${shard}`,
    `seed ${seed}`,
    timeoutMs === undefined ? 'standard time limits' : `${timeoutMs} ms for each check`,
    ...(options.length > 0 ? [`timed with ${options.join(' ')}`] : []),
    complete ? 'complete' : 'incomplete',
    `${retried} retried`,
    `${hidden} in a hidden tab`,
  ].join(', ');
}

function environment({
  runtime,
  runtimeVersion,
  os,
  cores,
  adapter,
  features,
  probe,
}: LinkPayload['environments'][number]): string {
  const { isFallback, ...names } = adapter;
  const chip = [
    ...Object.values(names).filter(Boolean),
    ...(isFallback ? ['fallback adapter'] : []),
  ].join(' ');
  const found = Object.entries(probe).map(([key, value]) => `${key} ${value}`);
  return `${runtime} ${runtimeVersion} on ${os}, ${count(cores, { one: 'core', other: 'cores' })}; ${chip}; features: ${features.join(', ') || 'none'}; probe: ${found.join(', ')}`;
}

function counted(counts: LinkPayload['replayed']): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`)
    .join(', ');
}

/** The share dialog, and what is said of settings that are not the standard. */
export const shareWords = words('share', {
  title: 'Share this result',
  lead: 'The link itself holds the result. Nothing is uploaded: only people who have the link can read it.',
  device: 'A name for this computer, if you like',
  deviceHint:
    'Browsers hide what it is. Readers of the link and the badge will see what you write here.',
  devicePlaceholder: 'such as ThinkPad T14, RTX 4060',
  link: 'Link',
  localOnly:
    'The link below opens on this computer only. For others, save the result as one page, or copy its summary. Started with --share-base URL, the page makes links to an address that others reach.',
  savePage: 'Save the result as one HTML page',
  send: 'Send…',
  making: 'Making the link…',
  copy: 'Copy link',
  length: (characters: number) =>
    `${count(characters, { one: 'character', other: 'characters' })}.`,
  contentsTitle: 'Exactly this is in it',
  contentsSource: 'Read back out of the link above:',
  contents,
  qr: 'QR code',
  qrLabel: 'QR code of the link',
  qrTooLong: (characters: number, most: number) =>
    `This link has ${number(characters)} characters; cameras read codes of up to about ${number(most)}. Send the link itself, or choose fewer checks.`,
  badge: 'Badge and Markdown',
  badgeHint:
    'Save the badge beside your README, and paste the line. It says what was found, and leads to the link.',
  badgeLine: 'Markdown of the badge',
  copyLine: 'Copy line',
  saveBadge: 'Save badge (SVG)',
  copySummary: 'Copy summary for an issue',
  files: 'Save as a file',
  filesHint:
    'Files hold more than the link: every check with its numbers, limits of the graphics chip, messages.',
  formats: {
    json: 'Report (JSON)',
    html: 'Web page (HTML)',
    csv: 'Table (CSV)',
    junit: 'JUnit (XML)',
  },
  close: 'Close',
  notStandard: 'Not the standard settings',
  deviations: settingsWords,
});
