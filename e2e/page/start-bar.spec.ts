import { expect, test } from './page-test.ts';
import { MODEL, openTuning, QUICK, start, takeSettings } from './tune-page.ts';

for (const viewport of [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
  { width: 320, height: 640 },
])
  test.describe(`at ${viewport.width} x ${viewport.height}`, () => {
    test.use({ viewport });

    test('the first screen says what Start does, and has it', async ({ page }) => {
      await openTuning(page);
      await expect(start(page)).toBeEnabled();
      await expect(start(page)).toBeInViewport({ ratio: 1 });
      await expect(start(page)).toHaveAccessibleDescription(
        /^Gradproof’s small model learns 300 texts in 100 steps of qlora, with about \d+.MB of graphics memory\.$/,
      );
      await page.getByRole('radio', { name: 'Bytes of any text' }).check();
      await expect(page.getByText('It reads the text byte by byte')).toBeVisible();
      await expect(start(page)).toBeInViewport({ ratio: 1 });
    });

    test('what gets the focus is not behind it', async ({ page }) => {
      await openTuning(page);
      await page.getByRole('radio', { name: 'small model' }).focus();
      const bar = page.locator('gp-tune-view .bar');
      for (let i = 0; i < 20; i++) {
        await page.keyboard.press('Tab');
        const focused = await page.evaluate(() => {
          let element = document.activeElement;
          while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
          const { top, height } = element?.getBoundingClientRect() ?? { top: 0, height: 0 };
          return { top: top + height / 2, text: element?.textContent?.trim() };
        });
        if (focused.text === 'Start') return;
        const { y = 0 } = (await bar.boundingBox()) ?? {};
        expect(focused.top, focused.text).toBeLessThan(y);
      }
      throw new Error('Start was not reached');
    });
  });

test.describe('on a telephone', () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test('a run that begins brings its progress into view with Pause and Stop', async ({ page }) => {
    await openTuning(page);
    await takeSettings(page, { ...QUICK, max_steps: 1000 });
    await expect(start(page)).toBeEnabled();
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await start(page).focus();
    await start(page).press('Enter');
    await page.getByRole('button', { name: 'Pause' }).waitFor({ timeout: 90_000 });
    await expect(page.getByRole('progressbar')).toBeInViewport({ ratio: 1 });
    await expect(page.getByRole('button', { name: 'Pause' })).toBeInViewport({ ratio: 1 });
    const stop = page.getByRole('button', { name: 'Stop and keep' });
    await expect(stop).toBeInViewport({ ratio: 1 });
    await expect(stop).toBeFocused();
  });
});

test('in a wide window the settings stand beside the data, and below them in a narrow one', async ({
  page,
}) => {
  const places = async () => {
    const data = await page.getByRole('region', { name: 'Data' }).boundingBox();
    const steps = await page.getByRole('textbox', { name: 'Steps' }).boundingBox();
    return { data, steps };
  };
  await page.setViewportSize({ width: 1280, height: 900 });
  await openTuning(page);
  const wide = await places();
  expect(wide.steps?.x).toBeGreaterThan(640);
  expect(wide.data?.x).toBeLessThan(640);
  expect(Math.abs((wide.steps?.y ?? 0) - (wide.data?.y ?? 0))).toBeLessThan(200);
  await page.setViewportSize({ width: 768, height: 900 });
  const narrow = await places();
  expect(narrow.steps?.y).toBeGreaterThan(narrow.data?.y ?? Number.NaN);
  expect(narrow.steps?.x).toBeLessThan(384);
});

test('what keeps Start from beginning is said beside it', async ({ page }) => {
  await page.goto('/?view=train');
  await page.getByRole('radio', { name: 'A folder of yours' }).check();
  await expect(start(page)).toHaveAccessibleDescription('Choose a model first.');
  await page.getByLabel('Choose a folder').setInputFiles(MODEL);
  await expect(start(page)).toHaveAccessibleDescription(/^model learns 300 texts/);
  await page.getByRole('textbox', { name: 'Steps' }).fill('many');
  await page.getByRole('textbox', { name: 'Steps' }).press('Tab');
  await expect(start(page)).toBeDisabled();
  await expect(start(page)).toHaveAccessibleDescription(/^What is marked above/);
});
