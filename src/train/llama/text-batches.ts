import { bestFitRows } from '../../data/best-fit-rows.ts';
import type { Examples } from '../../data/examples.ts';
import {
  countTokens,
  type LabelledTokens,
  listed,
  packedTexts,
  paddedTexts,
} from '../../data/labelled-tokens.ts';
import { type Collate, DataLoader } from '../../data/loader.ts';
import { seam } from '../../seam.ts';
import type { BatchSource } from '../loop/batch-source.ts';

/** How texts become steps. */
export interface TextBatchesOptions {
  /** Texts of a micro-batch. */
  readonly batchSize: number;
  /** Micro-batches of a step. */
  readonly accumulation: number;
  readonly seed: number;
  /** Whether rows hold several texts. Default each holds one. */
  readonly packing?: boolean;
  /** The most tokens of a row that holds several. */
  readonly length: number;
}

/** Rows are filled up by this token: nothing asks for it, and no token before it sees it. */
const PAD = 0;

/** A row of a batch: one text, or several that are packed. */
type Row = readonly LabelledTokens[];

const tokensOf = (row: Row): number => countTokens(row).tokens;

/** Texts as a batch, as long as the longest. */
export const collated = seam('train.llama.collated', paddedTexts(PAD));

/** Rows of several texts, which number their texts. */
const packed = seam('train.llama.packed', (length: number) => packedTexts(length, PAD));

/** All texts once an epoch, in an order of its own, without an end; no step holds two epochs. */
export class TextBatches implements BatchSource {
  /** Tokens of the longest row; packed rows are all filled up to it. */
  readonly longest: number;
  readonly #rows: readonly Row[];
  readonly #collate: Collate<Row>;
  readonly #loader: DataLoader<Row>;
  readonly #accumulation: number;
  /** Places of the texts of each batch of the epoch. */
  #batches: readonly (readonly number[])[];
  #epoch = 0;
  /** Steps of the epoch that are behind it. */
  #passed = 0;

  constructor(
    texts: readonly LabelledTokens[],
    { batchSize, accumulation, seed, packing = false, length }: TextBatchesOptions,
  ) {
    const rows = packing ? bestFitRows(texts, length) : texts.map((text) => [text]);
    this.longest = rows.reduce((most, row) => Math.max(most, tokensOf(row)), 0);
    this.#rows = rows;
    this.#collate = packing ? packed(this.longest) : (chosen) => collated(chosen.flat());
    this.#loader = new DataLoader(listed(rows), this.#collate, { batchSize, seed });
    this.#accumulation = accumulation;
    this.#batches = this.#loader.batchesOf(0);
  }

  /** Steps of an epoch: the last one has what is left. */
  get stepsOfEpoch(): number {
    return Math.ceil(this.#loader.batchCount / this.#accumulation);
  }

  next(): readonly Examples[] {
    const first = this.#passed * this.#accumulation;
    const parts = this.#batches.slice(first, first + this.#accumulation);
    this.seek(this.#epoch * this.stepsOfEpoch + this.#passed + 1);
    return parts.map((places) => this.#collate(places.map((place) => this.#rows[place] as Row)));
  }

  seek(step: number): void {
    const epoch = Math.floor(step / this.stepsOfEpoch);
    if (epoch !== this.#epoch) this.#batches = this.#loader.batchesOf(epoch);
    this.#epoch = epoch;
    this.#passed = step % this.stepsOfEpoch;
  }
}
