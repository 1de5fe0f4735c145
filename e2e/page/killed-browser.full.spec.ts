import type { Page } from '@playwright/test';
import { Random } from '../../src/tensor/random.ts';
import { killsOf, SEED } from '../soak.ts';
import { KillableBrowser } from './killable-browser.ts';
import {
  begin,
  beginHere,
  kept,
  type Learnt,
  learnt,
  load,
  resumable,
  resume,
  trained,
  unsaved,
} from './learnt-run.ts';
import { expect } from './page-test.ts';
import { test } from './scratch-folder.ts';
import { lyingRuns } from './stored-runs.ts';
import { openTuning, QUICK, reach, startAgain, stepOf } from './tune-page.ts';

const KILLS = killsOf(2);
/** A browser is killed after so many more steps at most, and any moment of so many milliseconds. */
const MORE_STEPS = 10;
const LATEST_MS = 1500;

const SETTINGS = {
  ...{ ...QUICK, max_steps: 60, eval_steps: 2, max_length: 32, learning_rate: 0.002 },
  ...{ type: 'lora', lora: { r: 4, lora_alpha: 8, lora_dropout: 0.1 } },
};

type Way = 'resumed' | 'loaded' | 'begun';

/** Goes on with the run that the opened page offers, or begins one; says which. */
async function goOn(page: Page, base: string): Promise<Way> {
  await openTuning(page, base);
  const offered = await resume(page)
    .or(load(page))
    .waitFor({ timeout: 3000 })
    .then(
      () => true,
      () => false,
    );
  if (!offered) {
    await beginHere(page, SETTINGS);
    return 'begun';
  }
  // A browser may be killed just after its run has ended.
  const way = (await load(page).isVisible()) ? 'loaded' : 'resumed';
  await (way === 'loaded' ? load(page) : resume(page)).click();
  return way;
}

/** What a run leaves at its end; one that was resumed says from where. */
async function leftBy(page: Page, way: Way): Promise<Learnt> {
  const left = await learnt(page);
  if (way !== 'resumed') return left;
  await page.getByText(/^What happened/).click();
  await expect(page.getByText(/Resumed from the checkpoint after/).first()).toBeVisible();
  return left;
}

test(`a run whose browser is killed ${KILLS} times, at random, leaves the bits of one that was not`, async ({
  folder,
  server,
}) => {
  test.setTimeout(600_000 + KILLS * 90_000);
  const random = new Random(SEED);
  const runs: Learnt[] = [];
  let resumed = 0;
  for (let kills = 0; kills < KILLS; ) {
    await using browser = await KillableBrowser.start(folder);
    const page = await browser.newPage();
    const way = await goOn(page, server.url);
    if (way === 'resumed') resumed += 1;
    await expect(page.getByRole('progressbar')).toBeVisible();
    // Runs that are killed before their first checkpoint begin anew: one at least is to go on.
    if (kills + 1 === KILLS) await kept(page);
    await reach(page, (await stepOf(page)) + random.integer(0, MORE_STEPS));
    await page.waitForTimeout(random.uniform(0, LATEST_MS));
    if (await startAgain(page).isVisible()) {
      runs.push(await leftBy(page, way));
      await expect.poll(() => lyingRuns(page)).toEqual([]);
    } else kills += 1;
    await browser.kill();
  }
  await using browser = await KillableBrowser.start(folder);
  const page = await browser.newPage();
  const way = await goOn(page, server.url);
  if (way === 'resumed') resumed += 1;
  runs.push(await leftBy(page, way));
  await expect.poll(() => lyingRuns(page), 'what was saved is not kept').toEqual([]);
  await expect(resumable(page).or(unsaved(page))).toBeHidden();
  await begin(page, SETTINGS, server.url);
  const whole = await learnt(page);
  for (const [i, { adapter, ...run }] of runs.entries()) {
    const what = `run ${i} of seed ${SEED}, after ${resumed} times of going on`;
    expect(trained({ adapter, ...run }), what).toEqual(trained(whole));
    expect(adapter, what).toBe(whole.adapter);
  }
  expect(resumed, `of seed ${SEED}`).toBeGreaterThan(0);
});
