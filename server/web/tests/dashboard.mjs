// What an analyst does, in a browser, on a server whose fleet is being attacked. Started by `lab/tests/dashboard.rs`.
//
// SHOTS names a folder for pictures; none are taken without it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const { TACIT_ADDRESS: address, TACIT_KEY: key, SHOTS: shots, CHROMIUM: path = '/usr/bin/chromium' } = process.env;
/** The whole story of the demo may take so long. */
const STORY = 170_000;
/** From a verdict's commit to its place on the page. */
const SEEN_WITHIN = 2000;

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({
  executablePath: path,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

async function open(width, height, colorScheme) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, ignoreHTTPSErrors: true });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) refused.push(message.text());
  });
  page.on('pageerror', (error) => refused.push(error.message));
  await page.goto(address);
  return page;
}

const refused = [];
const api = (page, path) =>
  page.evaluate(
    async ([path, key]) => (await fetch(path, { headers: { authorization: `Bearer ${key}` } })).json(),
    [path, key],
  );

async function signIn(page) {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Views' }).waitFor();
}

async function go(page, view) {
  await page.evaluate((view) => (location.hash = view), view);
  await page.waitForFunction(() => !document.querySelector('main [aria-busy="true"]'));
}

async function checkAccess(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const grave = violations.filter((of) => ['serious', 'critical'].includes(of.impact));
  const told = grave.map((of) => `${of.id}: ${of.help}\n  ${of.nodes.map((node) => `${node.html}\n  ${node.failureSummary}`).join('\n  ')}`);
  assert.equal(grave.length, 0, `${what}:\n${told.join('\n')}`);
}

async function fits(page, what) {
  const [inner, needed] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
  assert.ok(needed <= inner, `${what} needs ${needed} px where there are ${inner}`);
}

async function picture(page, name) {
  if (shots) await page.screenshot({ path: `${shots}/${name}.png` });
}

try {
  const page = await open(1280, 800, 'light');

  // A wrong key is refused in words; the right one is kept in this tab alone.
  await page.getByLabel('API key').fill('tacit_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').filter({ hasText: 'key' }).waitFor();
  await checkAccess(page, 'sign-in');
  await signIn(page);
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage)).then((kept) => kept.includes('tacit_')), false);

  // The takeover appears by itself, soon after it was told.
  await page.evaluate(() => {
    globalThis.sameDocument = true;
    globalThis.seen = {};
    new MutationObserver(() => {
      for (const link of document.querySelectorAll('main a.row-link')) globalThis.seen[link.getAttribute('href')] ??= Date.now();
    }).observe(document.body, { childList: true, subtree: true });
  });
  const row = page.getByRole('link', { name: 'Someone else took over' }).first();
  await row.waitFor({ timeout: STORY });
  assert.equal(await page.evaluate(() => globalThis.sameDocument), true, 'the page was loaded again');
  const { alerts } = await api(page, '/v1/alerts?verdict=different_person');
  const takeover = alerts.find((of) => of.cause === 'takeover');
  const seen = await page.evaluate((href) => globalThis.seen[href], `#/alerts/${takeover.id}`);
  const late = seen - Date.parse(takeover.opened_at);
  console.log(`the takeover was on the page ${late} ms after its verdict was committed`);
  assert.ok(late <= SEEN_WITHIN, `the takeover was on the page ${late} ms after its verdict`);

  // It is explained.
  await row.click();
  await page.getByRole('heading', { level: 1, name: 'Someone else took over' }).waitFor();
  await page.getByText(/it was clear that someone else works there/).waitFor();
  await page.getByRole('img', { name: /^Trust over time: \d+ verdicts/ }).waitFor();
  const evidence = page.locator('section', { has: page.getByRole('heading', { name: /^Why/ }) }).getByRole('listitem');
  await evidence.first().waitFor();
  await page.getByText(/times likelier someone else/).first().waitFor();
  await checkAccess(page, 'an alert');
  await picture(page, 'alert');

  // It is taken on by keyboard, and resolved with a note. The API agrees.
  await page.keyboard.press('a');
  await page.getByText(/^In hand/).waitFor();
  assert.equal((await api(page, `/v1/alerts/${takeover.id}`)).state, 'acknowledged');
  await page.keyboard.press('r');
  const dialog = page.getByRole('dialog', { name: 'Resolve the alert' });
  await dialog.getByRole('radio', { name: /^Confirmed/ }).check();
  await dialog.getByLabel('Note (optional)').fill('The desk was left unlocked.');
  await checkAccess(page, 'resolving');
  await dialog.getByRole('button', { name: 'Resolve' }).click();
  await page.getByText(/Resolved as confirmed/).waitFor();
  const resolved = await api(page, `/v1/alerts/${takeover.id}`);
  assert.deepEqual([resolved.state, resolved.resolution], ['resolved', 'confirmed']);
  assert.equal(resolved.notes[0].text, 'The desk was left unlocked.');

  // The other two attacks come too; the list is walked by keyboard.
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.getByRole('heading', { level: 1, name: 'Alerts' }).waitFor();
  await page.getByRole('link', { name: 'A machine is at work' }).waitFor({ timeout: STORY });
  await page.getByRole('link', { name: 'Someone else logged on' }).waitFor({ timeout: STORY });
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/alerts\/[0-9a-f-]{36}$/);

  // A response by hand is asked for with a reason, and kept.
  const { sessions } = await api(page, '/v1/sessions?open=true');
  await go(page, `/sessions/${sessions[0].id}`);
  await page.getByRole('button', { name: 'Respond …' }).click();
  const respond = page.getByRole('dialog', { name: 'Respond at the workstation' });
  assert.equal(await respond.getByRole('button', { name: 'Send the notice' }).isDisabled(), true);
  await respond.getByLabel('Reason').fill('An exercise');
  await respond.getByRole('button', { name: 'Send the notice' }).click();
  await page.getByText(/Notify: sent/).waitFor();
  const { directives } = await api(page, `/v1/sessions/${sessions[0].id}/directives`);
  assert.deepEqual([directives[0].response, directives[0].asked_because], ['notify', 'An exercise']);

  // Every view, in light and dark: legible, labelled, and within the page.
  const views = {
    now: '/now',
    alerts: '/alerts',
    alert: `/alerts/${takeover.id}`,
    session: `/sessions/${takeover.session_id}`,
    sessions: '/sessions',
    subjects: '/subjects',
    subject: `/subjects/${takeover.subject_id}`,
    fleet: '/fleet',
    policy: '/policy',
    audit: '/audit',
  };
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const [name, view] of Object.entries(views)) {
      await go(page, view);
      await checkAccess(page, `${name}, ${scheme}`);
      await fits(page, name);
      if (scheme === 'light' || name === 'now' || name === 'alert') await picture(page, scheme === 'dark' ? `${name}-dark` : name);
    }
  }

  // On a wall and on a phone.
  await page.setViewportSize({ width: 1920, height: 1080 });
  await go(page, views.now);
  await fits(page, 'now at 1920');
  await page.setViewportSize({ width: 390, height: 844 });
  for (const [name, view] of Object.entries(views)) {
    await go(page, view);
    await fits(page, `${name} at 390`);
  }
  await go(page, views.alert);
  await checkAccess(page, 'an alert on a phone');
  await picture(page, 'alert-phone');

  // Without the server, that is said; and no more once it is back.
  await page.context().setOffline(true);
  await page.getByText(/The server cannot be reached/).waitFor();
  await checkAccess(page, 'offline');
  await page.context().setOffline(false);
  await page.getByText(/The server cannot be reached/).waitFor({ state: 'detached', timeout: 20_000 });

  assert.deepEqual(refused, [], 'nothing breaks the content security policy, and nothing throws');
} finally {
  await browser.close();
}
