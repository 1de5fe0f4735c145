import { bridgeFragment } from '../../src/backends/bridge/address.ts';
import { servePage } from '../../src/cli/server.ts';
import { noBridge } from '../bridge.ts';
import { EXACT, openSuiteOf, test } from './bridge-test.ts';
import { expect, runToEnd } from './page-test.ts';

test.skip(noBridge !== undefined, noBridge ?? '');

test('libraries behind the bridge compute the same checks, and their times stand beside ours', {
  tag: '@long',
}, async ({ page, server, bridge }) => {
  server.allow(bridge.origin);
  await page.goto(`${EXACT}${bridgeFragment(bridge.address)}`);
  const picker = page.getByRole('region', { name: 'Python on this computer' });
  const numpy = picker.getByRole('checkbox', { name: /^numpy \d.* on CPU/ });
  await expect(numpy).toBeChecked();
  expect(page.url(), 'the token is out of the address').not.toContain(bridge.address.token);
  await runToEnd(page);
  await expect(page.getByRole('list', { name: 'Libraries' })).toContainText(
    /numpy \S+: (\d+) of \1 agree, live on CPU/,
  );
  await openSuiteOf(page, 'bridge-numpy-cpu');
  // Ours come first, under their own suite.
  await page
    .getByRole('treeitem', { name: /^exact;a=1x1/ })
    .last()
    .click();
  await expect(
    page.getByText(/the library .*\sms; .* with the way there and back; ours .*\sms/),
  ).toBeVisible();
  await page.reload();
  await expect(numpy, 'a reload keeps the bridge').toBeVisible();
});

test('only the bridge may be asked, and only from this page', async () => {
  await using server = await servePage('dist/page');
  const policies = async (path: string) => {
    const response = await fetch(new URL(path, server.url));
    const meta = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(
      await response.text(),
    )?.[1];
    return [response.headers.get('content-security-policy'), meta].map(
      (policy) => /connect-src[^;]*/.exec(policy ?? '')?.[0],
    );
  };
  expect(await policies('index.html')).toEqual(["connect-src 'self'", "connect-src 'self'"]);
  expect(await policies('bridge.html')).toEqual([
    "connect-src 'self'",
    "connect-src 'self' http://127.0.0.1:*",
  ]);
  server.allow('http://127.0.0.1:4711');
  expect(await policies('index.html')).toEqual([
    "connect-src 'self' http://127.0.0.1:4711",
    "connect-src 'self'",
  ]);
});
