import { expect, open, runToEnd, test } from './page-test.ts';

test('forecasts which models could learn here from the given memory and the measured speed', async ({
  page,
}) => {
  await open(page, '/?filter=ops.nn.silu:legal;*');
  const forecast = page.getByRole('region', { name: 'Which models could learn here?' });
  const time = forecast.getByRole('columnheader', { name: '1,000 training steps' });
  await expect(forecast.getByRole('row'), 'memory needs no run').toHaveCount(7);
  await runToEnd(page);
  await expect(forecast.getByRole('row')).toHaveCount(7);
  const row = forecast.getByRole('row', { name: /^8\sB parameters/ });
  await expect(row).toContainText('7.8');
  await expect(time, 'nothing was measured').toBeHidden();
  await forecast.getByRole('textbox').fill('10');
  await expect(row).toContainText('fits');
  await expect(row).not.toContainText('barely');
  await forecast.getByRole('textbox').fill('8');
  await expect(row).toContainText('fits, barely');
  await forecast.getByRole('textbox').fill('some');
  await expect(forecast).toContainText('A number of gigabytes');
  await expect(forecast.getByRole('textbox')).toHaveAttribute('aria-invalid', 'true');

  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Measure the speed' }).click();
  await expect(row).toContainText(/(minute|hour|day|year)s/, { timeout: 150_000 });
  await expect(time).toBeVisible();
  await forecast.getByText('What this rests on').click();
  await expect(forecast).toContainText(/products with 4-bit weights that were timed here/);

  const roofline = page.getByRole('region', { name: /^Roofline/ });
  await expect(roofline.getByRole('img')).toBeVisible();
  await roofline.getByText('The same as a table').click();
  await expect(roofline.getByRole('row', { name: /^product 4bit 128/ })).toBeVisible();
});
