import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { drop } from './drop.ts';
import { answerOf, expect, test } from './page-test.ts';

const POEM = {
  name: 'poem.txt',
  bytes: new TextEncoder().encode('The rain in Spain stays mainly in the plain.\n'.repeat(200)),
};

/** Opens the view and chooses the model of bytes. */
async function openBytes(page: Page): Promise<void> {
  await page.goto('/?view=train');
  await page.getByRole('radio', { name: 'Bytes of any text' }).check();
  await expect(page.getByRole('button', { name: 'Start' })).toBeEnabled();
}

/** Drops the poem on a page that was just loaded and starts 30 steps. */
async function start(page: Page): Promise<void> {
  await openBytes(page);
  await drop(page, [POEM]);
  await expect(page.getByText('poem.txt, 9.0 KB')).toBeVisible();
  await page.getByRole('spinbutton', { name: 'steps' }).fill('30');
  await expect(page.getByText(/It takes about .* of graphics memory/)).toBeVisible();
  await page.getByRole('button', { name: 'Start' }).click();
}

/** Waits for the end of the training and saves its adapter. */
async function savedAdapter(page: Page): Promise<Buffer> {
  await expect(page.getByRole('button', { name: 'Start again' })).toBeVisible({ timeout: 120_000 });
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save adapter_model.safetensors' }).click(),
  ]);
  return await readFile(await file.path());
}

test('learns a dropped text, pauses on request, saves adapter and figures, and learns the same bits again', async ({
  page,
}) => {
  await start(page);
  await page.getByRole('button', { name: 'Pause' }).press('Enter');
  await expect(page.getByText(/^Paused after/)).toBeVisible();
  const figures = page.getByLabel('In numbers');
  const paused = await figures.textContent();
  await page.waitForTimeout(1000);
  expect(await figures.textContent()).toBe(paused);
  await page.getByRole('button', { name: 'Go on' }).click();
  const adapter = await savedAdapter(page);

  const plot = page.locator('gp-figure').first();
  await plot.getByText('The same as a table').click();
  await expect(plot.getByRole('row').first(), 'rows are made when the table opens').toBeVisible();
  const rows = await plot.getByRole('row').allInnerTexts();
  const losses = rows
    .slice(1)
    .flatMap((row) => row.split(/\s+/)[1] || [])
    .map(Number);
  expect(losses.length).toBeGreaterThan(1);
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) - 0.5);
  await expect(page.getByLabel('Sample: After')).not.toContainText('…');

  const saved = async (name: string) => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      plot.getByRole('button', { name, exact: true }).click(),
    ]);
    return await readFile(await download.path());
  };
  expect((await saved('CSV')).toString('utf8')).toMatch(/^Step,Loss,Held-out loss\r\n0,,\d/);
  const svg = (await saved('SVG')).toString('utf8');
  expect(svg).toContain('nats per byte');
  expect(svg).not.toContain('var(');
  expect((await saved('PNG')).subarray(1, 4).toString('latin1')).toBe('PNG');

  const { tensors } = readSafetensors(adapter);
  expect([...tensors.keys()].some((name) => name.includes('lora_A'))).toBe(true);
  await expect(page.getByRole('button', { name: 'Save adapter_config.json' })).toBeVisible();

  // Loaded again, and without a pause: one seed, text and adapter give one result, bit by bit.
  await start(page);
  expect((await savedAdapter(page)).equals(adapter)).toBe(true);
});

test('stops when asked', async ({ page }) => {
  await openBytes(page);
  await drop(page, [POEM]);
  await page.getByRole('button', { name: 'Start' }).click();
  await expect(page.getByLabel('In numbers')).toBeVisible();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('button', { name: 'Start again' })).toBeVisible();
  await expect(answerOf(page), 'who stops a run gets no verdict').toHaveText(
    /^Stopped after \d+ steps?\.$/,
  );
});

test('a text that is too short is refused when it is chosen, and the one before stays', async ({
  page,
}) => {
  await openBytes(page);
  await drop(page, [{ name: 'short.txt', bytes: POEM.bytes.subarray(0, 4095) }]);
  await expect(page.getByRole('alert')).toContainText(
    'short.txt has 4,095 bytes, and 4,096 or more are needed to learn from',
  );
  await page.getByLabel('Choose a text file').setInputFiles({
    name: POEM.name,
    mimeType: 'text/plain',
    buffer: Buffer.from(POEM.bytes.subarray(0, 4096)),
  });
  await expect(page.getByText('poem.txt, 4.1 kB')).toBeVisible();
  await page.getByLabel('Choose a text file').setInputFiles({
    name: 'empty.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from(''),
  });
  await expect(page.getByRole('alert')).toContainText('empty.txt has 0 bytes');
  await expect(page.getByText('poem.txt, 4.1 kB')).toBeVisible();
});

/** Follows what a run does, frame by frame, skips what it can, and tells all of it in the end. */
function followPhases(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const find = (selector: string, root: ParentNode = document): HTMLElement | undefined => {
      for (const element of root.querySelectorAll<HTMLElement>('*')) {
        if (element.matches(selector)) return element;
        const below = element.shadowRoot && find(selector, element.shadowRoot);
        if (below) return below;
      }
      return undefined;
    };
    const seen: string[] = [];
    while (!find('gp-answer')) {
      const phases = find('gp-phases')?.shadowRoot;
      const doing = phases?.querySelector('[aria-current=step]')?.textContent?.trim();
      if (doing && seen.at(-1) !== doing) seen.push(doing);
      phases?.querySelector('button')?.click();
      await new Promise(requestAnimationFrame);
    }
    return seen;
  });
}

test('what a run does is named, what comes after its steps is skipped on request, and one that is too short for an answer says so', async ({
  page,
}) => {
  await openBytes(page);
  await page.getByRole('spinbutton', { name: 'steps' }).fill('12');
  const following = followPhases(page);
  await page.getByRole('button', { name: 'Start' }).click();
  expect(await following, 'and nothing is examined').toEqual([
    'Getting ready',
    'Learning',
    'Sample',
    'Checked against a frozen copy',
  ]);
  await expect(answerOf(page)).toHaveText(
    'It is learning, but 12 steps are too few for an answer.',
  );
  await expect(page.getByText(/\(median\), at most .* of memory, both measured/)).toBeVisible();
  await expect(page.getByLabel('In numbers')).toContainText(/Memory, highest so far\s*\d/);
  const [before = '', after = ''] = await page.getByLabel(/^Sample: /).allTextContents();
  expect(after.length, 'the sample was skipped').toBeLessThan(before.length);
});

test('a number of steps that cannot be run is refused where it is typed', async ({ page }) => {
  await openBytes(page);
  const steps = page.getByRole('spinbutton');
  const start = page.getByRole('button', { name: 'Start' });
  for (const wrong of ['-5', '0', '2.5', '', '1000001']) {
    await steps.fill(wrong);
    await expect(page.getByText('A whole number from 1 to 100,000 is needed.')).toBeVisible();
    await expect(steps).toHaveAttribute('aria-invalid', 'true');
    await expect(start).toBeDisabled();
  }
  await steps.fill('12');
  await expect(start).toBeEnabled();
});
