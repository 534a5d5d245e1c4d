/*
 * chromium.js: a real Chromium without a window, told what to do by its
 * DevTools protocol over two pipes, so that no port is opened.
 */
'use strict';

const { spawn } = require('node:child_process');

const ANSWER_MS = 20000;

/* One browser. Its answers are matched by number, its events by method. */
class Chromium {
	constructor(profile) {
		const root = process.getuid() === 0 ? ['--no-sandbox'] : [];

		this.process = spawn('chromium', [...root, '--headless',
			'--disable-gpu', '--disable-dev-shm-usage',
			'--no-first-run', '--disable-extensions',
			'--disable-background-networking', '--hide-scrollbars',
			`--user-data-dir=${profile}`,
			'--remote-debugging-pipe'],
		{ stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
		this.number = 0;
		this.waiting = new Map();
		this.listeners = [];
		this.rest = '';
		this.process.stdio[4].on('data', (bytes) => this.read(bytes));
	}

	/* Messages are parted by NUL. */
	read(bytes) {
		const parts = (this.rest + bytes).split('\0');

		this.rest = parts.pop();
		for (const part of parts) {
			const message = JSON.parse(part);
			const waiter = this.waiting.get(message.id);

			if (waiter)
				waiter(message);
			else
				this.listeners.forEach((hear) => hear(message));
		}
	}

	send(method, params = {}, sessionId = undefined) {
		const id = ++this.number;
		const message = JSON.stringify(
			{ id, method, params, sessionId });

		return new Promise((resolve, reject) => {
			const late = new Error(`no answer to ${method}`);
			const limit = setTimeout(() => reject(late), ANSWER_MS);

			this.waiting.set(id, ({ result, error }) => {
				clearTimeout(limit);
				this.waiting.delete(id);
				if (error)
					reject(new Error(
						`${method}: ${error.message}`));
				else
					resolve(result);
			});
			this.process.stdio[3].write(`${message}\0`);
		});
	}

	async open() {
		const { targetId } = await this.send(
			'Target.createTarget', { url: 'about:blank' });
		const { sessionId } = await this.send('Target.attachToTarget',
			{ targetId, flatten: true });
		const tab = new Tab(this, sessionId);

		for (const domain of ['Page', 'Runtime', 'Log', 'Network'])
			await tab.send(`${domain}.enable`);
		return tab;
	}

	async close() {
		const gone = new Promise(
			(resolve) => this.process.once('exit', resolve));

		this.process.kill('SIGKILL');
		await gone;
	}
}

/* One page. troubles: what the console, a script or the CSP complained of. */
class Tab {
	constructor(browser, sessionId) {
		this.browser = browser;
		this.sessionId = sessionId;
		this.troubles = [];
		this.loaded = () => {};
		browser.listeners.push((event) => {
			if (event.sessionId === sessionId)
				this.hear(event);
		});
	}

	send(method, params) {
		return this.browser.send(method, params, this.sessionId);
	}

	hear({ method, params }) {
		if (method === 'Page.loadEventFired')
			this.loaded();
		else if (method === 'Runtime.exceptionThrown')
			this.troubles.push(params.exceptionDetails.text);
		else if (method === 'Runtime.consoleAPICalled')
			this.troubles.push(`console.${params.type}`);
		else if (method === 'Page.javascriptDialogOpening')
			this.troubles.push(`dialog: ${params.message}`);
		else if (method === 'Log.entryAdded')
			this.troubles.push([params.entry.text,
				params.entry.url].join(' '));
	}

	async go(url) {
		const loaded = new Promise((resolve, reject) => {
			const limit = setTimeout(() => reject(
				new Error(`${url} did not load`)), ANSWER_MS);

			this.loaded = () => {
				clearTimeout(limit);
				resolve();
			};
		});

		this.troubles = [];
		await this.send('Page.navigate', { url });
		await loaded;
	}

	async run(expression) {
		const { result, exceptionDetails } = await this.send(
			'Runtime.evaluate', { expression, returnByValue: true,
				awaitPromise: true });

		if (exceptionDetails)
			throw new Error(exceptionDetails.exception.description);
		return result.value;
	}

	async picture() {
		const { data } = await this.send('Page.captureScreenshot',
			{ captureBeyondViewport: true });

		return Buffer.from(data, 'base64');
	}
}

module.exports = { Chromium };
