import { readFileSync } from 'node:fs';
import { encodeLink } from '../../src/report/link/encode.ts';
import { readReport } from '../../src/report/read.ts';
import { answerOf, expect, test } from './page-test.ts';
import { staticHost } from './static-host.ts';

const HOST = 'gradproof.test';

test.use({
  gpuArguments: [`--host-resolver-rules=MAP ${HOST} 127.0.0.1`],
  mayLogErrors: true,
});

test('a link opens at an address of plain http, where browsers have neither WebGPU nor digests', async ({
  page,
}) => {
  await using host = await staticHost('dist/page');
  const fixture = (name: string) => readFileSync(`src/report/fixtures/${name}`, 'utf8');
  const report = readReport(fixture('run.json'), 'the fixture');
  const link = await encodeLink(report, fixture('plan.txt'), {});
  await page.goto(`${host.url.replace('localhost', HOST)}#${link}`);
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  await expect(answerOf(page)).toHaveText(/^14 of 14 checks are right/);
  await page.goto(host.url.replace('localhost', HOST));
  await expect(page.getByText('This address is not secure enough')).toBeVisible();
});
