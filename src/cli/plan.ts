import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planHash, planText } from '../report/plan.ts';
import { planCases } from './plan-cases.ts';

/**
 * Writes this build's plan to `folder/<hash>.txt`, which makes the build's share links readable.
 * The build calls it.
 */
export async function writePlan(folder: string): Promise<void> {
  const text = planText((await planCases()).values());
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${await planHash(text)}.txt`), text);
}
