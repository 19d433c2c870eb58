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
const api = (page, path, of = key) =>
  page.evaluate(
    async ([path, of]) => (await fetch(path, { headers: { authorization: `Bearer ${of}` } })).json(),
    [path, of],
  );

/** Acts as who holds the key, whoever is signed in. */
const tell = (page, path, body) =>
  page.evaluate(
    async ([path, body, key]) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const answer = await fetch(path, { method: 'POST', credentials: 'omit', headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    },
    [path, body, key],
  );

async function signIn(page, of = key) {
  await page.getByLabel('API key').fill(of);
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

  // A subject is exempted by kind and end: there is no field for words. It shows until when, and ends.
  const subject = takeover.subject_id;
  await go(page, `/subjects/${subject}`);
  await page.getByRole('button', { name: 'Exempt …' }).click();
  const exempting = page.getByRole('dialog', { name: 'Exempt from responses' });
  assert.equal(await exempting.getByRole('textbox').count(), 0, 'an exemption takes words');
  await exempting.getByLabel('Kind').selectOption({ label: 'Assistive technology' });
  await exempting.getByLabel('For').selectOption({ label: '30 days' });
  await checkAccess(page, 'exempting');
  await exempting.getByRole('button', { name: 'Exempt' }).click();
  const exemptions = page.getByRole('region', { name: 'Exemptions' });
  const until = exemptions.getByText(/^until \d/).locator('time');
  await until.waitFor();
  const exempt = (await api(page, `/v1/exemptions?subject=${subject}`)).exemptions;
  assert.deepEqual(exempt.map((of) => of.kind), ['assistive_technology']);
  assert.equal(await until.getAttribute('datetime'), exempt[0].until);
  assert.equal(Math.round((Date.parse(exempt[0].until) - Date.parse(exempt[0].made_at)) / 86_400_000), 30);
  await exemptions.getByRole('button', { name: 'End the exemption' }).click();
  await exemptions.getByText('None.').waitFor();
  assert.deepEqual((await api(page, `/v1/exemptions?subject=${subject}`)).exemptions, []);

  // The privacy officer finds a subject by how its pseudonym begins, restricts it, sees that, and lifts it.
  const { pseudonym } = await api(page, `/v1/subjects/${subject}`);
  const expires_at = new Date(Date.now() + 3_600_000).toISOString();
  const officer = await open(1280, 800, 'light');
  const { key: privacy } = await tell(page, '/v1/api-keys', { name: 'privacy', role: 'privacy', expires_at });
  await signIn(officer, privacy);
  await go(officer, '/subjects');
  const find = officer.getByLabel('Find by the beginning of a pseudonym');
  await find.fill('s_000000000000');
  await officer.getByText('No pseudonym begins so.').waitFor();
  await find.fill(pseudonym.slice(0, 14));
  await officer.getByRole('link', { name: pseudonym }).waitFor();
  assert.equal(await officer.locator('main tbody tr').count(), 1, 'others are found too');
  await officer.getByRole('link', { name: pseudonym }).click();
  await officer.getByRole('button', { name: 'Restrict …' }).click();
  const restricting = officer.getByRole('dialog', { name: 'Restrict processing' });
  await restricting.getByLabel(/^Reason/).fill('Asked for in writing');
  await restricting.getByRole('button', { name: 'Restrict' }).click();
  const restricted = officer.getByText(/^Processing is restricted since/);
  await restricted.waitFor();
  const { restricted_at } = await api(page, `/v1/subjects/${subject}`, privacy);
  assert.equal((await api(page, `/v1/subjects/${subject}`)).restricted_at, null, 'others are told of a restriction');
  assert.equal(await restricted.locator('time').getAttribute('datetime'), restricted_at);
  await checkAccess(officer, 'a restricted subject');
  await go(officer, '/subjects');
  await officer.getByRole('row').filter({ hasText: pseudonym }).getByText('Restricted').waitFor();
  await go(officer, `/subjects/${subject}`);
  await officer.getByRole('button', { name: 'Lift restriction …' }).click();
  const lifting = officer.getByRole('dialog', { name: 'Lift the restriction' });
  await lifting.getByLabel(/^Reason/).fill('Withdrawn in writing');
  await lifting.getByRole('button', { name: 'Lift' }).click();
  await restricted.waitFor({ state: 'detached' });
  await officer.getByRole('button', { name: 'Restrict …' }).waitFor();
  assert.equal((await api(page, `/v1/subjects/${subject}`, privacy)).restricted_at, null);
  await officer.context().close();

  // How far profiles have moved is told in the words that the API has for it, and narrows the list there.
  const WORDS = { steady: 'Steady', drifting: 'Drifting', changed: 'Changed' };
  const { subjects } = await api(page, '/v1/subjects?limit=1000');
  const drifts = (of) => of.profile.map((m) => m.drift).filter(Boolean);
  const furthest = (of) => Object.keys(WORDS).findLast((word) => drifts(of).includes(word));
  assert.ok(subjects.some(furthest), 'nobody’s profile has learned enough to be told of');
  await go(page, '/subjects');
  for (const of of subjects) {
    const row = page.getByRole('row').filter({ hasText: of.pseudonym });
    const told = row.getByRole('cell').nth(2);
    await told.getByText(furthest(of) ? WORDS[furthest(of)] : '–', { exact: true }).waitFor();
  }
  for (const [word, label] of Object.entries(WORDS)) {
    await page.getByLabel('Profile').selectOption({ label });
    const { subjects: such } = await api(page, `/v1/subjects?drift=${word}`);
    const rows = page.locator('main tbody tr');
    await page.waitForFunction((count) => document.querySelectorAll('main tbody tr').length === count, such.length);
    assert.equal(await rows.count(), such.length);
    if (such.length === 0) await page.getByText('No subject is like that.').waitFor();
  }
  const moved = subjects.find(furthest);
  await go(page, `/subjects/${moved.id}`);
  await page.getByRole('region', { name: 'Profile' }).getByText(WORDS[drifts(moved)[0]], { exact: true }).first().waitFor();

  // Sessions are found and sorted by the server: whatever is not on the page is found as well.
  const list = await api(page, '/v1/sessions?limit=1000');
  const desk = (await api(page, `/v1/devices/${takeover.device_id}`)).name;
  const there = list.sessions.filter((of) => of.device_id === takeover.device_id).length;
  const shows = (count) => page.waitForFunction((count) => document.querySelectorAll('main tbody tr').length === count, count);
  await go(page, '/sessions');
  const search = page.getByLabel('Find by the beginning of a device’s name or of a pseudonym');
  await search.fill('no such device');
  await page.getByText('No session is like that.').waitFor();
  await search.fill(desk.toUpperCase());
  await shows(there);
  await search.fill(pseudonym.slice(0, 14));
  await shows(list.sessions.filter((of) => of.subject_id === subject).length);
  await search.fill('');
  await page.getByRole('button', { name: 'Trust' }).click();
  const [least] = (await api(page, '/v1/sessions?sort=least_trust&limit=1')).sessions;
  await page.locator(`main tbody tr:first-child a[href="#/sessions/${least.id}"]`).waitFor();
  assert.equal(await page.getByRole('columnheader', { name: 'Trust' }).getAttribute('aria-sort'), 'ascending');
  await page.getByRole('button', { name: 'Logged on' }).click();
  await page.locator(`main tbody tr:first-child a[href="#/sessions/${list.sessions.at(-1).id}"]`).waitFor();
  // What cannot be read is said, with rows and without, and read when that is asked for.
  await page.route('**/v1/sessions?*', (route) => route.abort());
  await page.getByLabel('Verdict').selectOption('genuine');
  await page.getByText('This could not be read').waitFor();
  await checkAccess(page, 'sessions that cannot be read');
  const again = page.getByRole('button', { name: 'Try again' });
  await again.waitFor();
  await page.unroute('**/v1/sessions?*');
  // The page also asks again by itself, and may be first.
  await again.click({ timeout: 2_000 }).catch(() => {});
  await page.locator('main tbody tr').first().waitFor();

  // A device is found by its name. An enrolment token is made for a group, listed, and revoked.
  const { devices } = await api(page, '/v1/devices');
  const named = devices.find((of) => of.name);
  await go(page, '/fleet');
  await page.getByLabel('Find by the beginning of a name').fill('no such device');
  await page.getByText('No device is like that.').waitFor();
  await page.getByLabel('Find by the beginning of a name').fill(named.name);
  await page.getByRole('link', { name: named.name, exact: true }).waitFor();
  await page.getByRole('button', { name: 'Enrol devices …' }).click();
  const enrol = page.getByRole('dialog', { name: 'Enrol devices' });
  await enrol.getByLabel('Devices', { exact: true }).fill('3');
  await enrol.getByRole('combobox', { name: 'Group' }).selectOption('default');
  await enrol.getByRole('button', { name: 'Make a token' }).click();
  await enrol.getByText(/^tacit-agent enrol --server/).waitFor();
  await checkAccess(page, 'a token that was made');
  await enrol.getByRole('button', { name: 'Done' }).click();
  await enrol.waitFor({ state: 'hidden' });
  const tokens = async () => (await api(page, '/v1/enrolment-tokens')).enrolment_tokens;
  const [newest] = await tokens();
  assert.deepEqual([newest.uses_left, newest.group, newest.revoked_at], [3, 'default', null]);
  await page.getByRole('heading', { name: 'Enrolment tokens' }).click();
  const token = page.getByRole('table', { name: 'Enrolment tokens' }).getByRole('row').filter({ hasText: newest.id.slice(-8) });
  await token.getByText('Serves').waitFor();
  await checkAccess(page, 'enrolment tokens');
  await token.getByRole('button', { name: /^Revoke/ }).click();
  const revoking = page.getByRole('dialog', { name: /^Revoke token/ });
  await revoking.getByRole('button', { name: 'Revoke' }).click();
  await token.getByText('Revoked').waitFor();
  assert.equal(await token.getByRole('button').count(), 0, 'what is revoked is revoked again');
  assert.notEqual((await tokens()).find((of) => of.id === newest.id).revoked_at, null);

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
