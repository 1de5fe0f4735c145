import { STATION } from '../../data/tales/station.ts';
import { tales } from '../../data/tales/tales.ts';
import type { PartFile } from '../../formats/part-file.ts';
import { partsOfBytes } from '../../formats/part-file.ts';

const TALES = 300;

/** What is learnt where no text is given: tales that the model of the page does not know. */
export function ownTexts(seed: number): PartFile {
  const lines = tales(STATION, TALES, seed).map((text) => JSON.stringify({ text }));
  return partsOfBytes(new TextEncoder().encode(lines.join('\n')));
}
