/*
 * check_pages.js: URL TOKEN FOLDER [AXE]: looks at the operator's pages as
 * people do, in light and dark, on a phone and without scripts. A line for
 * each sentence that holds, or does not; pictures are left in FOLDER.
 */
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { Chromium } = require('./chromium.js');

const [url, token, folder, axe] = process.argv.slice(2);
const rules = axe ? fs.readFileSync(axe, 'utf8') : '';

const looks = {
	light: { width: 1200, height: 900, scheme: 'light' },
	dark: { width: 1200, height: 900, scheme: 'dark' },
	phone: { width: 360, height: 740, scheme: 'light', mobile: true },
	'dark phone': { width: 360, height: 740, scheme: 'dark', mobile: true },
};

const pages = {
	report: '/report?since=1h',
	'long report': '/report?since=90d',
	'empty report': '/report?from=2001-01-01&to=2001-01-02',
	story: '/report/event/1',
	'hostile story': '/report/event?id=%22%3E%3Cscript%3Ealert(1)' +
		'%3C%2Fscript%3E%E2%80%AE',
	'missing story': '/report/event/nobody',
};

/* Each page in some, so that it takes seconds; the first in all. */
const sights = [['report', 'light'], ['report', 'dark'], ['report', 'phone'],
	['report', 'dark phone'], ['long report', 'light'],
	['empty report', 'phone'], ['story', 'light'], ['story', 'dark phone'],
	['hostile story', 'phone'], ['missing story', 'dark']];

let passed = 0;
let failed = 0;

async function check(sentence, test) {
	let why = '';

	try {
		why = await test();
	} catch (error) {
		why = String(error.stack);
	}
	if (!why) {
		passed++;
		console.log(`ok - browser: ${sentence}`);
		return;
	}
	failed++;
	console.log(`not ok - browser: ${sentence}`);
	console.log(String(why).replace(/^/gm, '# '));
}

async function wear(tab, { width, height, scheme, mobile = false }) {
	await tab.send('Emulation.setDeviceMetricsOverride',
		{ width, height, mobile, deviceScaleFactor: 1 });
	await tab.send('Emulation.setEmulatedMedia', { features: [
		{ name: 'prefers-color-scheme', value: scheme }] });
}

/* A page that is not found is told as such; that is no trouble. */
function troubles(tab) {
	return tab.troubles.filter((each) => !/status of 404/.test(each))
		.join('\n');
}

/* In the page: what does not fit, is not named, or was not ours. */
function defects() {
	const found = [];
	const root = document.documentElement;

	if (root.scrollWidth > window.innerWidth)
		found.push(`${root.scrollWidth} wide in ${window.innerWidth}`);
	if (document.scripts.length !== 1)
		found.push(`${document.scripts.length} scripts`);
	if (document.querySelector('[style], [onload], [onerror], img, iframe'))
		found.push('an element that is not ours');
	for (const svg of document.querySelectorAll('svg[role=img]'))
		for (const part of ['title', 'desc']) {
			const own = svg.querySelector(`:scope>${part}`);

			if (!own?.textContent || !svg.getAttribute(
				'aria-labelledby').includes(own.id))
				found.push(`a chart without its ${part}`);
		}
	const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
	if (new Set(ids).size !== ids.length)
		found.push('an id that is there twice');
	return found.join('\n');
}

/* In the page, with axe-core: WCAG 2.2 A and AA, and good practice. */
async function violations() {
	const { violations } = await axe.run(document,
		{ resultTypes: ['violations'] });

	return violations.map((each) => `${each.id}: ${each.help}\n` +
		each.nodes.slice(0, 3).map((node) => `  ${node.html}\n  ${
			node.failureSummary}`).join('\n')).join('\n');
}

async function look(tab, page, name) {
	await wear(tab, looks[name]);
	await tab.go(url + pages[page]);
	await check(`the ${page} fits and is named, ${name}`,
		() => tab.run(`(${defects})()`));
	await check(`the ${page} troubles no console, ${name}`,
		() => troubles(tab));
	if (rules) {
		await tab.run(rules + ';0');
		await check(`the ${page} can be read by all, ${name}`,
			() => tab.run(`(${violations})()`));
	}
	fs.writeFileSync(path.join(folder, `${page}-${name}.png`
		.replaceAll(' ', '-')), await tab.picture());
}

async function hasText(tab, ...words) {
	const text = await tab.run('document.body.innerText');
	const missing = words.filter((word) => !text.includes(word));

	return missing.length ? `no ${missing.join(', ')} in:\n${text}` : '';
}

/* The page's ten seconds are one of ours. */
const hurry = 'const real = setInterval; window.setInterval = (call, ms) => ' +
	'real(call, ms / 50)';

async function untilTrue(tab, expression) {
	for (let i = 0; i < 50; i++) {
		if (await tab.run(expression))
			return '';
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	return `never: ${expression}`;
}

async function checkRefresh(tab) {
	await tab.send('Page.addScriptToEvaluateOnNewDocument',
		{ source: hurry });
	await tab.go(url + pages.report);
	await tab.run(`document.querySelector('#t-times').open = true;
		document.querySelector('main').dataset.old = 'yes'`);
	await check('the page takes itself anew, and keeps open what was', () =>
		untilTrue(tab, `!document.querySelector('main').dataset.old &&
			document.querySelector('#t-times').open`));
	await tab.run(`document.querySelector('#live').click();
		document.querySelector('main').dataset.old = 'yes'`);
	await new Promise((resolve) => setTimeout(resolve, 700));
	await check('the page stays as it is when that is switched off',
		async () => await tab.run(
			`document.querySelector('main').dataset.old`)
			? '' : 'it was taken anew');
	await check('refreshing troubles no console', () => troubles(tab));
}

async function checkWithoutScripts(tab) {
	await tab.send('Emulation.setScriptExecutionDisabled', { value: true });
	await tab.go(url + pages.report);
	await check('without scripts all is there', () => hasText(tab,
		'What came of the events', 'Where the time goes',
		'How it stands now'));
	await tab.send('Emulation.setScriptExecutionDisabled',
		{ value: false });
}

async function checkWords(tab) {
	await wear(tab, looks.light);
	await tab.go(url + pages.report);
	await check('the report answers the five questions', () => hasText(tab,
		'Degraded', 'since', 'median', 'inventory', 'fallback',
		'Interaction id', 'parked', 'valid'));
	await check('the search leads to the story', async () => {
		const loaded = new Promise((resolve) => {
			tab.loaded = resolve;
		});

		await tab.run(`
			const field = document.querySelector('[type=search]');
			field.value = 'call-1';
			document.querySelector('form button').click()`);
		await loaded;
		return hasText(tab, 'Step by step', 'call-1', 'CXone was told');
	});
	await tab.go(url + pages.report);
	await check('a slow decision leads to its story', async () => {
		const loaded = new Promise((resolve) => {
			tab.loaded = resolve;
		});

		await tab.run(`document.querySelector(
			'td a[href^="report/event/"]').click()`);
		await loaded;
		return hasText(tab, 'Step by step');
	});
	await tab.go(url + pages['hostile story']);
	await check('a hostile id is shown as text', () =>
		hasText(tab, '"><script>alert(1)</script>'));
}

async function main() {
	const browser = new Chromium(path.join(folder, 'profile'));

	try {
		const tab = await browser.open();

		await tab.send('Network.setExtraHTTPHeaders',
			{ headers: { Authorization: `Bearer ${token}` } });
		for (const [page, name] of sights)
			await look(tab, page, name);
		await checkWords(tab);
		await checkWithoutScripts(tab);
		await checkRefresh(tab);
	} finally {
		await browser.close();
	}
	console.log(`${passed} passed, ${failed} failed`);
	process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

main();
