import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cardSvg } from '../../src/report/card.ts';

/** What the checks are about; the page's README says it at length. */
const TOPICS = [
  'Matrix products',
  'LoRA adapters',
  '4-bit weights',
  'Ternary weights',
  'Attention',
  'Optimizers',
  'Whole training runs',
] as const;

/** The picture of links to the page, as an SVG file: what the page says of itself, in its look. */
export function siteCard(root: string): string {
  const read = (file: string) => readFileSync(join(root, file), 'utf8');
  const [, description = ''] =
    /<meta name="description" content="([^"]*)"/.exec(read('index.html')) ?? [];
  const [headline = '', machine = ''] = description.split(/(?<=\?) /);
  const [, font = ''] = /--font: ([^;]*);/.exec(read('src/ui/tokens.css')) ?? [];
  const icon = read('public/icon.svg');
  return cardSvg({ headline, machine, topics: TOPICS }, { font, icon });
}
